import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { createConnectionStore } from '../../src/adapters/dynamodb-connections.ts';
import { createStackKey } from '../../src/adapters/dynamodb-stack-key.ts';
import { createTunnelStore } from '../../src/adapters/dynamodb-tunnels.ts';
import { createPollRendezvous } from '../../src/adapters/poll-rendezvous.ts';
import { collect } from '../support/collect.ts';

/** A client that answers nothing and remembers what it was asked. */
function createRecorder() {
  const asked: Record<string, unknown>[] = [];
  const client = {
    async send({ input }: { input: Record<string, unknown> }) {
      asked.push(input);
      return {};
    },
  } as unknown as DynamoDBClient;
  return { client, asked };
}

describe('reads that must not be stale (DD-02; no local database shows the difference)', () => {
  it('of tunnels, connections, answers and the stack key are strongly consistent', async () => {
    const { client, asked } = createRecorder();
    await createTunnelStore(client, 't').read('id');
    await createConnectionStore(client, 't').read('id');
    await collect(createPollRendezvous(client, 't', { now: () => 0 }).take('id', 0));
    await createStackKey(client, 't', (count) => new Uint8Array(count))();
    expect(asked.slice(0, 4).map(({ ConsistentRead }) => ConsistentRead)).to.deep.equal([true, true, true, true]);
  });

  it('do not go to an index: there AWS refuses a consistent read (DD-01)', async () => {
    const { client, asked } = createRecorder();
    await createConnectionStore(client, 't').ofTunnel('id');
    expect(asked).to.have.lengthOf(1);
    expect(asked[0]).to.include({ IndexName: 'tunnel-id-index' }).and.not.have.property('ConsistentRead');
  });
});
