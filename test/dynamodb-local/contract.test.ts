import { describeStores } from '../contract/stores.ts';
import { startDynamoDbStores } from '../support/dynamodb-stores.ts';

describeStores('DynamoDB Local', () => startDynamoDbStores(process.env.POSTERN_TEST_DYNAMODB ?? ''));
