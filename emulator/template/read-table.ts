import type { KeyElement, SecondaryIndex, Table } from '../stack/stack.ts';
import type { Properties } from './properties.ts';
import type { TemplateScope } from './scope.ts';
import { ANYTHING, objectOf, plain, type Shapes, TAGS } from './shapes.ts';

/** What an index has as well: none of it changes anything that can be seen offline. */
const OF_INDEX = {
  ContributorInsightsSpecification: objectOf('Enabled', 'Mode'),
  WarmThroughput: objectOf('ReadUnitsPerSecond', 'WriteUnitsPerSecond'),
};

/** Backups, encryption and tags change nothing that can be seen offline. */
const HARMLESS = {
  ...OF_INDEX,
  ...plain('DeletionProtectionEnabled', 'TableClass', 'TableName'),
  KinesisStreamSpecification: objectOf('ApproximateCreationDateTimePrecision', 'StreamArn'),
  PointInTimeRecoverySpecification: objectOf('PointInTimeRecoveryEnabled', 'RecoveryPeriodInDays'),
  SSESpecification: objectOf('KMSMasterKeyId', 'SSEEnabled', 'SSEType'),
  StreamSpecification: {
    kind: 'object',
    keys: {
      ...plain('StreamViewType'),
      ResourcePolicy: { kind: 'object', keys: { PolicyDocument: ANYTHING } },
    },
  },
  Tags: TAGS,
} as const satisfies Shapes;

/** More than any account is given. */
const MOST_CAPACITY = 1_000_000_000;

type Billing = 'PAY_PER_REQUEST' | 'PROVISIONED';

/** One `AWS::DynamoDB::Table`; undefined when it has no usable key, which has been reported. */
export function readTable(properties: Properties, scope: TemplateScope): Table | undefined {
  properties.refuse(['LocalSecondaryIndexes'], 'local secondary indexes are not supported');
  properties.refuse(['ImportSourceSpecification', 'ResourcePolicy'], 'the emulator does not support it');
  const billing = properties.has('BillingMode')
    ? properties.choice('BillingMode', ['PAY_PER_REQUEST', 'PROVISIONED'])
    : 'PROVISIONED';
  readCapacity(properties, billing);
  const keySchema = readKeySchema(properties);
  const attributes = properties.sections('AttributeDefinitions').flatMap((definition) => {
    const name = definition.requiredString('AttributeName');
    const type = definition.choice('AttributeType', ['S', 'N', 'B']);
    return name !== undefined && type !== undefined ? [{ name, type }] : [];
  });
  const indexes = properties.sections('GlobalSecondaryIndexes').flatMap((index) => readIndex(index, billing) ?? []);
  const ttl = properties.section('TimeToLiveSpecification');
  const expiry = ttl?.boolean('Enabled') ? ttl.requiredString('AttributeName') : ttl?.string('AttributeName');
  const ttlAttribute = ttl?.boolean('Enabled') ? expiry : undefined;
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

/** A table, or an index, whose capacity is provisioned has one; one that is paid by request has none. */
function readCapacity(owner: Properties, billing: Billing | undefined): void {
  const provisioned = owner.section('ProvisionedThroughput');
  const units = ['ReadCapacityUnits', 'WriteCapacityUnits'].map((name) =>
    provisioned?.optionalNumber(name, { min: 1, max: MOST_CAPACITY }),
  );
  if (billing === 'PROVISIONED') {
    if (!owner.has('ProvisionedThroughput')) {
      owner.report('ProvisionedThroughput', 'is required unless BillingMode is PAY_PER_REQUEST');
    } else if (units.includes(undefined)) {
      owner.report('ProvisionedThroughput', 'needs ReadCapacityUnits and WriteCapacityUnits');
    }
    owner.warn('ProvisionedThroughput', 'throttling at that capacity is not emulated');
  } else if (billing === 'PAY_PER_REQUEST' && provisioned !== undefined) {
    owner.report('ProvisionedThroughput', 'cannot be given with BillingMode PAY_PER_REQUEST');
  }
  const onDemand = owner.section('OnDemandThroughput');
  onDemand?.refuseOthers(plain('MaxReadRequestUnits', 'MaxWriteRequestUnits'));
  if (onDemand !== undefined) owner.warn('OnDemandThroughput', 'throttling at that capacity is not emulated');
}

function readIndex(index: Properties, billing: Billing | undefined): SecondaryIndex | undefined {
  readCapacity(index, billing);
  const name = index.requiredString('IndexName');
  const keySchema = readKeySchema(index);
  const projection = index.section('Projection');
  const type = projection?.choice('ProjectionType', ['ALL', 'KEYS_ONLY', 'INCLUDE']);
  const nonKeyAttributes = projection?.strings('NonKeyAttributes') ?? [];
  index.refuseOthers(OF_INDEX);
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
