import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import fc from 'fast-check';
import { databases, functionWith, rejection, THINGS } from './fixture.ts';

const TableName = THINGS.name;
const Key = { id: { S: 'a' } };
const fn = functionWith('worker');
const values = { ExpressionAttributeValues: { ':a': { S: 'a' } } };
const many = (count: number, condition = 'x = :a', operator = ' OR ') => Array(count).fill(condition).join(operator);

describe('expressions of the embedded database', () => {
  const start = databases();
  let database: DynamoDBClient;

  beforeEach(async () => {
    database = (await start()).clientOf(fn);
    await database.send(new PutItemCommand({ TableName, Item: { ...Key, x: { S: 'a' }, n: { N: '1' } } }));
  });

  async function found(FilterExpression: string, given: object = values): Promise<number | undefined> {
    return (await database.send(new ScanCommand({ TableName, FilterExpression, ...given }))).Count;
  }

  async function refusal(command: unknown): Promise<string> {
    const { name, message } = await rejection(database.send(command as ScanCommand));
    return `${name}: ${message}`;
  }

  const refusedFilter = (FilterExpression: string) =>
    refusal(new ScanCommand({ TableName, FilterExpression, ...values }));

  it('are 4 KB at most', async () => {
    const long = (expression: string) => expression.padEnd(4_097);
    expect(await found('x = :a'.padEnd(4_096))).to.equal(1);
    const size = 'Expression size has exceeded the maximum allowed size;';
    const update = { TableName, Key, UpdateExpression: long('SET x = :a'), ...values };
    const project = { ProjectionExpression: long('x') };
    for (const [name, command, told] of [
      ['Filter', new ScanCommand({ TableName, FilterExpression: long('x = :a'), ...values }), ' expression size: 4097'],
      [
        'KeyCondition',
        new QueryCommand({ TableName, KeyConditionExpression: long('id = :a'), ...values }),
        ' expression size: 4097',
      ],
      [
        'Condition',
        new DeleteItemCommand({ TableName, Key, ConditionExpression: long('x = :a'), ...values }),
        ' expression size: 4097',
      ],
      ['Update', new UpdateItemCommand(update), ''],
      ['Projection', new ScanCommand({ TableName, ...project }), ''],
      ['Projection', new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [Key], ...project } } }), ''],
    ] as const) {
      expect(await refusal(command)).to.equal(`ValidationException: Invalid ${name}Expression: ${size}${told}`);
    }
  });

  it('have 300 operators and functions at most', async () => {
    const refused = (name: string) =>
      `ValidationException: Invalid ${name}: The expression contains too many operators; operator count: 301`;
    expect(await found(many(150))).to.equal(1);
    expect(await found(`x BETWEEN :a AND :a OR ${many(149)}`)).to.equal(1);
    for (const filter of [
      many(151),
      `x BETWEEN :a AND :a OR ${many(150)}`,
      many(101, 'NOT x = :a'),
      many(101, 'size(x) = :a'),
      many(151, 'contains(x, :a)'),
      `${'NOT '.repeat(300)}x = :a`,
    ]) {
      expect(await refusedFilter(filter), filter.slice(0, 40)).to.equal(refused('FilterExpression'));
    }
    const adding = (count: number) =>
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: `SET ${Array.from({ length: count }, (_, at) => `a${at}=n+:n`).join(',')}`,
        ExpressionAttributeValues: { ':n': { N: '1' } },
      });
    await database.send(adding(300));
    expect(await refusal(adding(301))).to.equal(refused('UpdateExpression'));
  });

  it('have no redundant parentheses, and no more than 100 operands of IN', async () => {
    for (const filter of [
      '((x = :a))',
      '(((x = :a) OR x = :a))',
      'x = ((:a))',
      `${'('.repeat(500)}x${')'.repeat(500)}=:a`,
    ]) {
      expect(await refusedFilter(filter)).to.equal(
        'ValidationException: Invalid FilterExpression: The expression has redundant parentheses;',
      );
    }
    for (const filter of ['((x = :a) OR (x = :a))', '((x) = (:a))', '(contains((x), :a))', 'x IN ((:a))']) {
      expect(await found(filter), filter).to.equal(1);
    }
    const oneOf = (count: number) => `x IN (${many(count, ':a', ',')})`;
    expect(await found(oneOf(100))).to.equal(1);
    expect(await refusedFilter(oneOf(101))).to.equal(
      'ValidationException: Invalid FilterExpression: The IN operator is provided with too many operands; number of operands: 101',
    );
  });

  it('are told where they are malformed', async () => {
    for (const [filter, token, near] of [
      ['x = :a %', '%', ':a %'],
      ['x.and = :a', 'and', '.and ='],
      ['x = (:a', '<EOF>', ':a'],
      ['(x = :a))', ')', '))'],
      ['x AND y = :a', 'AND', 'x AND y'],
      ['f()', ')', '()'],
      ['x = :a :a', ':a', ':a :a'],
      ['x = (y = :a)', '=', 'y = :a'],
      ['x[y] = :a', 'y', '[y]'],
      ['x = :a OR (x = :a OR (', '<EOF>', '('],
      [`${'x = :a OR ('.repeat(100)}%${')'.repeat(100)}`, '%', '(%)'],
    ] as const) {
      expect(await refusedFilter(filter)).to.equal(
        `ValidationException: Invalid FilterExpression: Syntax error; token: "${token}", near: "${near}"`,
      );
    }
    expect(await refusedFilter('NOT '.repeat(200))).to.contain('token: "<EOF>", near: "NOT"');
    for (const open of ['(', 'f(', 'NOT (', 'x = (', 'x IN ((']) {
      expect(await refusedFilter(open.repeat(500)), open).to.contain('Syntax error; token: "');
    }
  });

  // Read as dynalite reads it, each of these takes longer than anybody waits.
  it('may lie as deep inside each other as their operators allow', async () => {
    for (const [filter, count] of [
      [`x = :a${' OR (x = :a'.repeat(149)}${')'.repeat(149)}`, 1],
      [`${'('.repeat(149)}x = :a${' AND x = :a)'.repeat(149)}`, 1],
      [`${'x = :a AND (x <> :a OR ('.repeat(74)}x = :a${'))'.repeat(74)}`, 1],
      [`${'NOT (x = :a AND '.repeat(99)}x <> :a${')'.repeat(99)}`, 1],
      [`${'NOT ('.repeat(299)}x = :a${')'.repeat(299)}`, 0],
      [`${'NOT '.repeat(298)}x = :a`, 1],
    ] as const) {
      expect(await found(filter), filter.slice(0, 40)).to.equal(count);
    }
    const ConditionExpression = `x = :a${' AND (x = :a'.repeat(100)}${')'.repeat(100)}`;
    await database.send(new DeleteItemCommand({ TableName, Key, ConditionExpression, ...values }));
    expect(await found('x = :a')).to.equal(0);
  });

  it('mean the same, however deep they lie', async () => {
    type Sample = { text: string; holds: boolean };
    const leaf = fc.constantFrom<Sample[]>(
      { text: 'x = :a', holds: true },
      { text: '(x) <> :a', holds: false },
      { text: 'attribute_exists(n)', holds: true },
      { text: 'X in (:a, :a)', holds: false },
      { text: 'x between (:a) and :a', holds: true },
    );
    const joined = (operator: string, parts: Sample[]) => ({
      text: `(${parts.map(({ text }) => text).join(` ${operator} `)})`,
      holds: operator === 'and' ? parts.every(({ holds }) => holds) : parts.some(({ holds }) => holds),
    });
    const { condition } = fc.letrec<{ condition: Sample }>((tie) => {
      const parts = fc.array(tie('condition'), { minLength: 2, maxLength: 3 });
      return {
        condition: fc.oneof(
          { maxDepth: 7, depthSize: 'max' },
          leaf,
          parts.map((list) => joined('and', list)),
          parts.map((list) => joined('OR', list)),
          tie('condition').map(({ text, holds }) => ({ text: `NOT ${text}`, holds: !holds })),
        ),
      };
    });
    const within = condition.filter(({ text }) => text.length < 3_000 && (text.match(/\S+/g)?.length ?? 0) < 300);
    await fc.assert(
      fc.asyncProperty(within, async ({ text, holds }) => {
        // Each of the others must be named too, or it may not be given.
        expect(await found(`${text} AND (x = :a)`), text).to.equal(holds ? 1 : 0);
      }),
      { numRuns: 100 },
    );
  });

  it('are bounded in an index that lags too', async () => {
    const lagging = (await start({ faults: { gsiLagMs: 1 } })).clientOf(fn);
    const query = {
      TableName,
      IndexName: 'by-colour',
      KeyConditionExpression: 'colour = :a',
      FilterExpression: `${'x = :a OR ('.repeat(40)}x = :a${')'.repeat(40)}`,
      ...values,
    };
    expect((await lagging.send(new QueryCommand(query))).Count).to.equal(0);
  });
});
