import type { KeyElement, SecondaryIndex, Table } from '../stack/stack.ts';
import type { Properties } from './properties.ts';
import type { TemplateScope } from './scope.ts';

/** Capacity, billing, backups, encryption and tags change nothing that can be seen offline. */
const HARMLESS = [
  ...['BillingMode', 'ContributorInsightsSpecification', 'DeletionProtectionEnabled', 'KinesisStreamSpecification'],
  ...['OnDemandThroughput', 'PointInTimeRecoverySpecification', 'ProvisionedThroughput', 'SSESpecification'],
  ...['StreamSpecification', 'TableClass', 'TableName', 'Tags', 'WarmThroughput'],
];

/** One `AWS::DynamoDB::Table`; undefined when it has no usable key, which has been reported. */
export function readTable(properties: Properties, scope: TemplateScope): Table | undefined {
  properties.refuse(['LocalSecondaryIndexes'], 'local secondary indexes are not supported');
  properties.refuse(['ImportSourceSpecification', 'ResourcePolicy'], 'the emulator does not support it');
  const keySchema = readKeySchema(properties);
  const attributes = properties.sections('AttributeDefinitions').flatMap((definition) => {
    const name = definition.requiredString('AttributeName');
    const type = definition.choice('AttributeType', ['S', 'N', 'B']);
    return name !== undefined && type !== undefined ? [{ name, type }] : [];
  });
  const indexes = properties.sections('GlobalSecondaryIndexes').flatMap((index) => readIndex(index) ?? []);
  const ttl = properties.section('TimeToLiveSpecification');
  const ttlAttribute = ttl?.boolean('Enabled') ? ttl.requiredString('AttributeName') : undefined;
  properties.refuseOthers(HARMLESS);
  if (keySchema === undefined) return undefined;

  const keys = new Set([...keySchema, ...indexes.flatMap((index) => index.keySchema)].map(({ name }) => name));
  for (const name of keys) {
    if (attributes.some((attribute) => attribute.name === name)) continue;
    properties.report('AttributeDefinitions', `lacks the key attribute ${name} (of type S, N or B)`);
  }
  for (const { name } of attributes) {
    if (!keys.has(name))
      properties.report('AttributeDefinitions', `${name} is the key of nothing: DynamoDB refuses that`);
  }
  return {
    logicalId: properties.logicalId,
    name: String(scope.ref(properties.logicalId)),
    keySchema,
    attributes,
    indexes,
    ...(ttlAttribute !== undefined && { ttlAttribute }),
  };
}

function readIndex(index: Properties): SecondaryIndex | undefined {
  const name = index.requiredString('IndexName');
  const keySchema = readKeySchema(index);
  const projection = index.section('Projection');
  const type = projection?.choice('ProjectionType', ['ALL', 'KEYS_ONLY', 'INCLUDE']);
  const nonKeyAttributes = projection?.strings('NonKeyAttributes') ?? [];
  if (type === undefined) index.report('Projection', 'needs its ProjectionType');
  if (name === undefined || keySchema === undefined || type === undefined) return undefined;
  return { name, keySchema, projection: type, nonKeyAttributes };
}

/** One HASH, then at most one RANGE; anything else is reported. */
function readKeySchema(owner: Properties): readonly KeyElement[] | undefined {
  const elements = owner.sections('KeySchema').flatMap((element): KeyElement[] => {
    const name = element.requiredString('AttributeName');
    const type = element.choice('KeyType', ['HASH', 'RANGE']);
    return name !== undefined && type !== undefined ? [{ name, type }] : [];
  });
  const types = elements.map(({ type }) => type).join();
  if (types === 'HASH' || types === 'HASH,RANGE') return elements;
  owner.report('KeySchema', 'needs a HASH key, and at most a RANGE key beside it');
  return undefined;
}
