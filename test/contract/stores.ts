import { expect } from 'chai';
import { MESSAGE_BYTES, PART_BYTES } from '../../src/protocol/limits.ts';
import type { AnswerPiece, Attachment, Connection, Tunnel } from '../../src/tunnel/ports.ts';
import { collect } from '../support/collect.ts';
import type { Stores } from '../support/memory-stores.ts';
import { plain } from '../support/plain.ts';

/** Epoch seconds of the year 2100: a database that deletes what has expired must not delete these (DD-03). */
const LATER = 4_102_444_800;

export interface StoresUnderTest extends Stores {
  stop(): Promise<void>;
}

/**
 * The contract of everything the edge keeps, for whatever keeps it.
 * @param makeStores called once; the tables behind them are empty
 */
export function describeStores(name: string, makeStores: () => Promise<StoresUnderTest>): void {
  describe(`stores: ${name}`, () => {
    let stores: StoresUnderTest;

    before(async () => {
      stores = await makeStores();
    });

    after(() => stores?.stop());

    describe('tunnels', () => describeTunnels(() => stores));
    describe('connections', () => describeConnections(() => stores));
    describe('answers', () => describeAnswers(() => stores));

    it('make the stack key once, also when two environments make it at the same time', async () => {
      const made = [1, 2].map((byte) => stores.stackKey((count) => new Uint8Array(count).fill(byte)));
      const [one, two] = await Promise.all(made.map((stackKey) => stackKey()));
      const later = await stores.stackKey((count) => new Uint8Array(count).fill(3))();
      expect(one).to.have.lengthOf(32);
      expect([1, 2]).to.include(one?.[0]);
      expect(plain(two)).to.equal(plain(one));
      expect(plain(later)).to.equal(plain(one));
    });
  });
}

function describeTunnels(stores: () => Stores): void {
  function tunnel(tunnelId: string, more: Partial<Tunnel> = {}): Tunnel {
    return {
      tunnelId,
      owner: 'subject:ada',
      sessions: {
        'connection:PJqB0fHsqRcCHlw=': {
          connectionId: 'PJqB0fHsqRcCHlw=',
          epoch: 1,
          protocol: 1,
          until: 1_761_407_200,
          since: 1_761_400_000,
        },
        'qZ3kP0tXw8mB-rYhL_2dVa': {
          connectionId: 'TXzPWdnOjoECGjA=',
          epoch: 7,
          protocol: 2,
          until: 1_761_400_000,
          since: 1_761_390_000,
          awaySince: 1_761_399_000,
        },
      },
      balance: 'sticky',
      version: 1,
      expiresAt: LATER,
      ...more,
    };
  }

  function reserved(tunnelId: string, more: Partial<Tunnel> = {}): Tunnel {
    const { expiresAt, ...rest } = tunnel(tunnelId, more);
    return rest;
  }

  it('are not there until they are written', async () => {
    expect(await stores().tunnels.read('never-written')).to.equal(undefined);
  });

  it('are read as they were written, expired or not (DD-03)', async () => {
    for (const one of [
      tunnel('living'),
      tunnel('expired', { expiresAt: 1 }),
      tunnel('nobody-in-it', { sessions: {} }),
      reserved('without-an-end'),
    ]) {
      expect(await stores().tunnels.write(one)).to.equal(true);
      expect(await stores().tunnels.read(one.tunnelId)).to.deep.equal(one);
    }
  });

  it('take a write that follows the version that is there, and no other', async () => {
    const { tunnels } = stores();
    expect(await tunnels.write(tunnel('versions', { version: 2 })), 'nothing is there').to.equal(false);
    expect(await tunnels.write(tunnel('versions'))).to.equal(true);
    expect(await tunnels.write(tunnel('versions', { owner: 'subject:eve' })), 'version 1 again').to.equal(false);
    expect(await tunnels.write(tunnel('versions', { version: 3 })), 'version 2 left out').to.equal(false);
    expect(await tunnels.read('versions')).to.deep.equal(tunnel('versions'));
    expect(await tunnels.write(tunnel('versions', { version: 2, sessions: {} }))).to.equal(true);
    expect(await tunnels.read('versions')).to.deep.equal(tunnel('versions', { version: 2, sessions: {} }));
  });

  it('let exactly one of many writers win each version', async () => {
    for (let version = 1; version <= 4; version += 1) {
      const writers = Array.from({ length: 8 }, (_, at) => tunnel('contested', { version, owner: `subject:${at}` }));
      const won = await Promise.all(writers.map((one) => stores().tunnels.write(one)));
      expect(won.filter(Boolean)).to.have.lengthOf(1);
      expect(await stores().tunnels.read('contested')).to.deep.equal(writers[won.indexOf(true)]);
    }
  });

  it('are listed for their owner, the reserved ones first, expired or not, so many at most (DD-01)', async () => {
    const { tunnels } = stores();
    const owner = 'subject:lister';
    for (const one of [
      tunnel('held-a', { owner }),
      reserved('kept-b', { owner }),
      tunnel('gone-c', { owner, expiresAt: 1 }),
      reserved('kept-d', { owner }),
      reserved('theirs', { owner: 'subject:lister-not' }),
    ]) {
      await tunnels.write(one);
    }
    const all = await tunnels.ofOwner(owner, 10);
    expect(all.slice(0, 2)).to.have.members(['kept-b', 'kept-d']);
    expect(all.slice(2)).to.have.members(['held-a', 'gone-c']);
    expect(await tunnels.ofOwner(owner, 2)).to.have.members(['kept-b', 'kept-d']);
    expect(await tunnels.ofOwner(owner, 3)).to.have.lengthOf(3);
    expect(await tunnels.ofOwner('subject:nobody', 10)).to.deep.equal([]);
  });

  it('are listed by how and to whom they belong now', async () => {
    const { tunnels } = stores();
    const owner = 'subject:mover';
    await tunnels.write(tunnel('moving-a', { owner }));
    await tunnels.write(tunnel('moving-b', { owner }));
    await tunnels.write(reserved('moving-b', { owner, version: 2 }));
    expect(await tunnels.ofOwner(owner, 1)).to.deep.equal(['moving-b']);
    await tunnels.write(tunnel('moving-b', { owner: 'subject:next', version: 3 }));
    expect(await tunnels.ofOwner(owner, 10)).to.deep.equal(['moving-a']);
  });
}

function describeConnections(stores: () => Stores): void {
  function connection(connectionId: string, more: Partial<Connection> = {}): Connection {
    return { connectionId, connectedAt: 1_761_400_033_412, expiresAt: LATER, ...more };
  }

  const attachment: Attachment = {
    tunnelId: 'blue-harbour',
    sessionId: 'qZ3kP0tXw8mB-rYhL_2dVa',
    protocol: 2,
  };

  it('are not there until they are added', async () => {
    expect(await stores().connections.read('AAAAAAAAAAAAAAA=')).to.equal(undefined);
  });

  it('are read as they were added, with and without a subject', async () => {
    for (const one of [connection('BAAAAAAAAAAAAAA='), connection('BBAAAAAAAAAAAAA=', { subject: 'ada@laptop' })]) {
      await stores().connections.add(one);
      expect(await stores().connections.read(one.connectionId)).to.deep.equal(one);
    }
  });

  it('are attached to a tunnel', async () => {
    const { connections } = stores();
    const one = connection('CAAAAAAAAAAAAAA=', { subject: 'ada' });
    await connections.add(one);
    expect(await connections.attach(one.connectionId, attachment)).to.equal(true);
    expect(await connections.read(one.connectionId)).to.deep.equal({ ...one, attached: attachment });
  });

  it('are attached to one tunnel, once', async () => {
    const { connections } = stores();
    await connections.add(connection('GAAAAAAAAAAAAAA='));
    expect(await connections.attach('GAAAAAAAAAAAAAA=', attachment)).to.equal(true);
    expect(await connections.attach('GAAAAAAAAAAAAAA=', { ...attachment, tunnelId: 'another-one' })).to.equal(false);
    expect((await connections.read('GAAAAAAAAAAAAAA='))?.attached).to.deep.equal(attachment);
  });

  it('are not made by attaching', async () => {
    expect(await stores().connections.attach('DAAAAAAAAAAAAAA=', attachment)).to.equal(false);
    expect(await stores().connections.read('DAAAAAAAAAAAAAA=')).to.equal(undefined);
  });

  it('are given back once when they are removed', async () => {
    const { connections } = stores();
    await connections.add(connection('EAAAAAAAAAAAAAA='));
    await connections.attach('EAAAAAAAAAAAAAA=', attachment);
    const removed = await connections.remove('EAAAAAAAAAAAAAA=');
    expect(removed).to.deep.equal(connection('EAAAAAAAAAAAAAA=', { attached: attachment }));
    expect(await connections.remove('EAAAAAAAAAAAAAA=')).to.equal(undefined);
    expect(await connections.read('EAAAAAAAAAAAAAA=')).to.equal(undefined);
  });

  it('are listed by their tunnel while they are attached to it', async () => {
    const { connections } = stores();
    const ids = ['FAAAAAAAAAAAAAA=', 'FBAAAAAAAAAAAAA=', 'FCAAAAAAAAAAAAA='];
    const attached = { ...attachment, tunnelId: 'with-three' };
    for (const id of ids) await connections.add(connection(id));
    for (const id of ids) await connections.attach(id, attached);
    await connections.remove('FBAAAAAAAAAAAAA=');
    const listed = await connections.ofTunnel('with-three');
    expect(listed).to.have.deep.members(
      ['FAAAAAAAAAAAAAA=', 'FCAAAAAAAAAAAAA='].map((id) => connection(id, { attached })),
    );
    expect(await connections.ofTunnel('with-none')).to.deep.equal([]);
  });
}

function describeAnswers(stores: () => Stores): void {
  function head(body: Uint8Array, more = true): AnswerPiece {
    return { kind: 'head', status: 206, headers: [['content-type', 'video/mp4']], body, more };
  }

  function part(number: number, body = Uint8Array.of(number), totalBytes?: number): AnswerPiece {
    return { kind: 'part', part: number, body, ...(totalBytes !== undefined && { totalBytes }) };
  }

  const error: AnswerPiece = { kind: 'error', code: 'upstream_failed', message: 'socket hang up' };

  async function taken(requestId: string, fromPart: number): Promise<unknown> {
    return plain(await collect(stores().answers.take(requestId, fromPart)));
  }

  it('are not there until they are put', async () => {
    expect(await collect(stores().answers.take('never-asked', 0))).to.deep.equal([]);
  });

  it('are taken as they were put, and can be taken again', async () => {
    const pieces: AnswerPiece[] = [
      head(Uint8Array.from({ length: 256 }, (_, at) => at)),
      part(1),
      { ...part(2, Uint8Array.of(9), 258), sha256: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg' } as AnswerPiece,
      error,
      { kind: 'accepted' },
      { kind: 'credit', bytes: 2_059_344 },
      { kind: 'credit', bytes: 3_100_000 },
    ];
    for (const piece of pieces) await stores().answers.put('all-kinds', piece);
    for (let again = 0; again < 2; again += 1) {
      expect(await taken('all-kinds', 0)).to.have.deep.members(pieces.map(plain));
    }
  });

  it('keep what is empty', async () => {
    const pieces: AnswerPiece[] = [
      { kind: 'head', status: 204, headers: [], body: new Uint8Array(0), more: false },
      part(1, new Uint8Array(0), 0),
      { kind: 'error', code: 'timeout', message: '' },
    ];
    for (const piece of pieces) await stores().answers.put('empty', piece);
    expect(await taken('empty', 0)).to.have.deep.members(pieces.map(plain));
  });

  it('keep headers in their order, whatever their names', async () => {
    const piece: AnswerPiece = {
      kind: 'head',
      status: 200,
      headers: [
        ['b', '1'],
        ['__proto__', 'ü'],
        ['b', ''],
        ['1', 'x'],
      ],
      body: new Uint8Array(0),
      more: false,
    };
    await stores().answers.put('headers', piece);
    expect(await taken('headers', 0)).to.deep.equal([plain(piece)]);
  });

  it('are one piece where the same piece was put twice', async () => {
    for (const piece of [part(1), head(Uint8Array.of(0)), part(1), error, head(Uint8Array.of(0)), error]) {
      await stores().answers.put('twice', piece);
    }
    expect(await taken('twice', 0)).to.have.deep.members([head(Uint8Array.of(0)), part(1), error].map(plain));
  });

  it('are those of a number and above, and always the error', async () => {
    const pieces = [head(Uint8Array.of(0)), part(1), part(2), part(3), error];
    for (const piece of pieces) await stores().answers.put('from', piece);
    expect(await taken('from', 1)).to.have.deep.members(pieces.slice(1).map(plain));
    expect(await taken('from', 3)).to.have.deep.members(pieces.slice(3).map(plain));
    expect(await taken('from', 4_097)).to.have.deep.members([plain(error)]);
  });

  it('say how a body is compressed, and of one that is elsewhere how long it is', async () => {
    const pieces = [head(Uint8Array.of(0)), head(new Uint8Array(0), false)];
    const more = [{ encoding: 'br' }, { storedBytes: 20_000_000 }];
    for (const [at, piece] of pieces.entries()) {
      const whole = { ...piece, ...more[at] } as AnswerPiece;
      await stores().answers.put(`head-${at}`, whole);
      expect(await taken(`head-${at}`, 0)).to.deep.equal([plain(whole)]);
    }
  });

  it('belong to one request', async () => {
    await stores().answers.put('mine', part(1));
    await stores().answers.put('yours', part(2));
    expect(await taken('mine', 0)).to.deep.equal([plain(part(1))]);
  });

  it('are all taken, also where they are more than one page of 1 MB', async () => {
    const numbers = Array.from({ length: 14 }, (_, at) => at + 1);
    await Promise.all(
      numbers.map((number) => stores().answers.put('pages', part(number, new Uint8Array(PART_BYTES).fill(number)))),
    );
    const found = await collect(stores().answers.take('pages', 0));
    expect(
      found.map((piece) => piece.kind === 'part' && [piece.part, piece.body.length, piece.body[0]]),
    ).to.have.deep.members(numbers.map((number) => [number, PART_BYTES, number]));
  });

  it('hold the largest head that a message can bring', async () => {
    const value = 'x'.repeat(MESSAGE_BYTES - 1_000);
    const piece: AnswerPiece = {
      kind: 'head',
      status: 200,
      headers: [['x-long', value]],
      body: new Uint8Array(0),
      more: false,
    };
    await stores().answers.put('large-head', piece);
    expect(await taken('large-head', 0)).to.deep.equal([plain(piece)]);
  });
}
