import type { KeyElement, SecondaryIndex, Table } from '../stack/stack.ts';
import type { Scope } from './intrinsics.ts';
import type { Properties } from './properties.ts';
import { isObject } from './template.ts';

/** One `AWS::DynamoDB::Table`. Capacity, billing, backups and tags change nothing that can be seen offline. */
export function readTable(properties: Properties, scope: Scope): Table | undefined {
  properties.refuse(['LocalSecondaryIndexes'], 'local secondary indexes are not supported');
  const keySchema = readKeySchema(properties.list('KeySchema'));
  const attributes = properties.list('AttributeDefinitions').flatMap((definition) => {
    if (!isObject(definition)) return [];
    const { AttributeName: name, AttributeType: type } = definition;
    return typeof name === 'string' && (type === 'S' || type === 'N' || type === 'B') ? [{ name, type } as const] : [];
  });
  const indexes = properties.list('GlobalSecondaryIndexes').flatMap((index) => {
    const read = readIndex(index);
    if (read === undefined) properties.report('GlobalSecondaryIndexes', 'an index lacks its name, key or projection');
    return read ?? [];
  });
  if (keySchema.length === 0) {
    properties.report('KeySchema', 'needs a HASH key, and at most a RANGE key beside it');
    return undefined;
  }
  for (const { name } of [...keySchema, ...indexes.flatMap((index) => index.keySchema)]) {
    if (attributes.some((attribute) => attribute.name === name)) continue;
    properties.report('AttributeDefinitions', `lacks the key attribute ${name} (of type S, N or B)`);
  }
  const ttl = properties.object('TimeToLiveSpecification');
  const ttlAttribute = String(ttl?.Enabled) === 'true' ? ttl?.AttributeName : undefined;
  return {
    logicalId: properties.logicalId,
    name: String(scope.ref(properties.logicalId)),
    keySchema,
    attributes,
    indexes,
    ...(typeof ttlAttribute === 'string' ? { ttlAttribute } : {}),
  };
}

function readIndex(index: unknown): SecondaryIndex | undefined {
  if (!isObject(index) || !isObject(index.Projection)) return undefined;
  const { ProjectionType: projection, NonKeyAttributes: nonKey = [] } = index.Projection;
  const keySchema = readKeySchema(index.KeySchema);
  if (typeof index.IndexName !== 'string' || keySchema.length === 0 || !Array.isArray(nonKey)) return undefined;
  if (projection !== 'ALL' && projection !== 'KEYS_ONLY' && projection !== 'INCLUDE') return undefined;
  return { name: index.IndexName, keySchema, projection, nonKeyAttributes: nonKey.map(String) };
}

/** Empty when it is not a valid key: one HASH, then at most one RANGE. */
function readKeySchema(value: unknown): readonly KeyElement[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return [];
  const elements = value.flatMap((element): KeyElement[] => {
    const { AttributeName: name, KeyType: type } = isObject(element) ? element : {};
    return typeof name === 'string' && (type === 'HASH' || type === 'RANGE') ? [{ name, type }] : [];
  });
  const types = elements.map((element) => element.type).join();
  return types === 'HASH' || types === 'HASH,RANGE' ? elements : [];
}
