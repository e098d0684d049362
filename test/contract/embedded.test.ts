import { startDynamoDbStores } from '../support/dynamodb-stores.ts';
import { describeStores } from './stores.ts';

describeStores('embedded DynamoDB', () => startDynamoDbStores('embedded'));
