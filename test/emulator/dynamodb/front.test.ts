import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import undici from 'undici';
import { databases, functionWith, THINGS } from './fixture.ts';

const TableName = THINGS.name;
const HEADERS = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.Scan' };

describe('front of the database', () => {
  const start = databases();

  async function post(url: string, body: string | Buffer, headers: Record<string, string> = {}) {
    const answer = await undici.request(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  it('keeps connections open while functions stand still', async () => {
    const { url } = await start();
    const { status, headers } = await post(url, JSON.stringify({ TableName }));
    expect(status).to.equal(200);
    expect(headers).to.include({ 'keep-alive': 'timeout=65', 'content-type': 'application/x-amz-json-1.0' });
  });

  it('answers what is no call as DynamoDB does', async () => {
    const { url } = await start();
    const health = await undici.request(url);
    expect(await health.body.text()).to.equal('healthy: dynamodb.us-east-1.amazonaws.com ');
    const type = (name: string) => JSON.stringify({ __type: `com.amazon.coral.service#${name}` });
    expect((await post(url, '{"TableName"')).text).to.equal(type('SerializationException'));
    expect((await post(url, '')).text).to.equal(type('SerializationException'));
    expect((await post(url, '[]')).text).to.equal(type('SerializationException'));
    for (const target of ['Scan', 'DynamoDB_20120810.', 'Other_20120810.Scan']) {
      expect((await post(url, '{}', { 'x-amz-target': target })).text).to.equal(type('UnknownOperationException'));
    }
    const form = await post(url, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(form).to.deep.include({ status: 404, text: '<UnknownOperationException/>\n' });
  });

  it('lives on after clients that send too much, break off, or send nonsense', async () => {
    const database = await start({ functions: [functionWith('worker')] });
    const large = await post(database.url, Buffer.alloc(16 * 1024 * 1024 + 1, 0x20)).catch(() => undefined);
    expect(large?.status ?? 413, 'or a connection that is cut').to.equal(413);
    const socket = connect(Number(new URL(database.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nX-Amz-Target: ${HEADERS['x-amz-target']}\r\n\r\nhalf`,
    );
    socket.destroy();
    const header = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }).map((text) => text.trim() || '-');
    await fc.assert(
      fc.asyncProperty(fc.json(), header, header, async (body, authorization, date) => {
        const { status } = await post(database.url, body, { authorization, 'x-amz-date': date });
        expect(status).to.equal(400);
      }),
      { numRuns: 50 },
    );
    expect(database.log.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('answers any input, with nobody asked', async () => {
    const database = await start();
    const operation = fc.constantFrom(
      'GetItem',
      'PutItem',
      'UpdateItem',
      'BatchGetItem',
      'BatchWriteItem',
      'Query',
      'UpdateTable',
      'TransactWriteItems',
      'Nonsense',
    );
    const field = fc.constantFrom(
      'TableName',
      'Key',
      'Item',
      'RequestItems',
      'IndexName',
      'TransactItems',
      'GlobalSecondaryIndexUpdates',
      'ReturnValuesOnConditionCheckFailure',
    );
    const value = fc.oneof(
      fc.constant(TableName),
      fc.jsonValue({ maxDepth: 2 }),
      fc.constant({ id: { S: 'a' } }),
      fc.constant({ [TableName]: [null, {}] }),
    );
    await fc.assert(
      fc.asyncProperty(operation, fc.dictionary(field, value), async (name, input) => {
        const { status } = await post(database.url, JSON.stringify(input), {
          'x-amz-target': `DynamoDB_20120810.${name}`,
          authorization: 'none',
        });
        expect(status).to.be.oneOf([200, 400, 500]);
      }),
      { numRuns: 300 },
    );
    expect(database.log.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });
});
