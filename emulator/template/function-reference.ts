/** A function as a template names it. */
export interface FunctionReference {
  /** Without a qualifier. */
  readonly functionArn: string;
  /** A version or an alias; absent for the function itself. */
  readonly qualifier?: string;
}

interface Account {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

const NAME = '(?<name>[A-Za-z0-9_-]{1,140})(?::(?<qualifier>[$A-Za-z0-9_-]{1,129}))?';
const ARN = new RegExp(`^(?<prefix>arn:[^:]+:lambda:[^:]+:\\d{12}:function:)${NAME}$`);
const PARTIAL_ARN = new RegExp(`^(?<account>\\d{12}):function:${NAME}$`);
const PLAIN = new RegExp(`^${NAME}$`);
/** In integrations and authorizers of API Gateway. */
const INVOCATION_URI = /^arn:[^:]+:apigateway:[^:]+:lambda:path\/2015-03-31\/functions\/(?<arn>.+)\/invocations$/;

/** Reads a name, ARN or partial ARN of a function, with or without a qualifier; undefined for anything else. */
export function parseFunctionReference(
  reference: string,
  { partition, region, accountId }: Account,
): FunctionReference | undefined {
  const groups = (ARN.exec(reference) ?? PARTIAL_ARN.exec(reference) ?? PLAIN.exec(reference))?.groups;
  if (groups === undefined) return undefined;
  const { prefix, account = accountId, name, qualifier } = groups;
  const functionArn = `${prefix ?? `arn:${partition}:lambda:${region}:${account}:function:`}${name}`;
  return qualifier === undefined ? { functionArn } : { functionArn, qualifier };
}

/** The reference in an invocation URI; a URI that is no such thing is itself the reference. */
export function referenceOfUri(uri: string): string {
  return INVOCATION_URI.exec(uri)?.groups?.arn ?? uri;
}
