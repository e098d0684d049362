import { type Call, isObject, type JsonObject, objectsIn } from './database.ts';
import { tableName, transactionParts } from './operation.ts';

/**
 * What a call writes: each item, or the key of one that it changes or deletes. Of a batch all of it, whatever may stay
 * undone.
 */
export function writtenItems({ operation, input }: Call): { table: string; item: JsonObject }[] {
  if (operation === 'TransactWriteItems') {
    return transactionParts(input).flatMap(([kind, part]) => {
      const item = part.Item ?? part.Key;
      return kind === 'ConditionCheck' || !isObject(item) ? [] : [{ table: tableName(part.TableName), item }];
    });
  }
  if (operation === 'BatchWriteItem' && isObject(input.RequestItems)) {
    return Object.entries(input.RequestItems).flatMap(([table, requests]) =>
      objectsIn(requests).flatMap(({ PutRequest, DeleteRequest }) => {
        const item = isObject(PutRequest) ? PutRequest.Item : isObject(DeleteRequest) ? DeleteRequest.Key : undefined;
        return isObject(item) ? [{ table: tableName(table), item }] : [];
      }),
    );
  }
  const item = input.Item ?? input.Key;
  return isObject(item) ? [{ table: tableName(input.TableName), item }] : [];
}
