/** dynalite with the story's two tables, on the port of the first argument. */
import { once } from 'node:events';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

const port = Number(process.argv[2]);
const server = dynalite({ createTableMs: 0 });
server.listen(port, '127.0.0.1');
await once(server, 'listening');
const client = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'story', secretAccessKey: 'story' },
});
await client.send(
  new CreateTableCommand({
    TableName: 'connections',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'connectionId', AttributeType: 'S' },
      { AttributeName: 'tunnelId', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'connectionId', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'tunnel-id-index',
        KeySchema: [{ AttributeName: 'tunnelId', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  }),
);
await client.send(
  new CreateTableCommand({
    TableName: 'pending-requests',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'requestId', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'requestId', KeyType: 'HASH' }],
  }),
);
client.destroy();
process.send?.({ id: -1, answer: 'ready' });
