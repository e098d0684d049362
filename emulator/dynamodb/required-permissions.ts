import { type Call, isObject, type JsonObject, objectsIn, textOf } from './database.ts';
import { isPartiQl, transactionParts } from './operation.ts';

/** What a caller must be allowed. */
export interface RequiredPermission {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** `arn:aws:dynamodb:us-east-1:123456789012:table/things/index/by-colour` */
  readonly resource: string;
}

/** A transaction's parts are permitted by the names of the single operations. */
const TRANSACTED: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  ConditionCheck: 'ConditionCheckItem',
};

/**
 * Every permission that an operation needs.
 * @param callerArn of whom asks: a table that is given by its name alone is one of the caller's own account
 */
export function requiredPermissions(call: Call, callerArn: string, region: string): RequiredPermission[] {
  const { operation, input } = call;
  const [, partition = 'aws', , , account = ''] = callerArn.split(':');
  const prefix = `arn:${partition}:dynamodb:${region}:${account}:table/`;
  const tableArn = (given: unknown) => {
    const table = textOf(given) ?? '*';
    return table.startsWith('arn:') ? table : `${prefix}${table}`;
  };
  const needs = (action: string, resource: string) => ({ action: `dynamodb:${action}`, resource });

  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    const tables = isObject(input.RequestItems) ? Object.keys(input.RequestItems) : ['*'];
    return tables.map((table) => needs(operation, tableArn(table)));
  }
  if (operation === 'TransactWriteItems' || operation === 'TransactGetItems') {
    const parts = transactionParts(input);
    return parts.map(([kind, { TableName }]) => needs(TRANSACTED[kind] ?? kind, tableArn(TableName)));
  }
  if (isPartiQl(call)) {
    return statementsOf(input).map((statement) => {
      const { verb, table, index } = readStatement(statement);
      return needs(`PartiQL${verb}`, tableArn(table) + (index === undefined ? '' : `/index/${index}`));
    });
  }
  const index = operation === 'Query' || operation === 'Scan' ? textOf(input.IndexName) : undefined;
  // `TagResource` and its like look at the ARN alone, whatever else is given.
  const table = tableArn(operation.includes('Resource') ? input.ResourceArn : input.TableName);
  return [needs(operation, index === undefined ? table : `${table}/index/${index}`)];
}

function statementsOf(input: JsonObject): string[] {
  const many = [...objectsIn(input.Statements), ...objectsIn(input.TransactStatements)];
  const statements = [input, ...many].map(({ Statement }) => textOf(Statement));
  return statements.flatMap((statement) => (statement === undefined ? [] : [statement]));
}

/** What cannot be read stands for every table, so that only those who may do everything get it through. */
function readStatement(statement: string): { verb: string; table?: string; index?: string } {
  const text = withoutTexts(statement);
  const word = /^\s*([a-z]+)/i.exec(text)?.[1] ?? '';
  const verb = word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
  const named = /\b(?:from|into|update)(?:\s+"?|")([\w.-]+)"?(?:\."([\w.-]+)")?/i.exec(text);
  const [, table, index] = named ?? [];
  return { verb, ...(table !== undefined && { table }), ...(index !== undefined && { index }) };
}

/** Without comments, strings and names that could be taken for something else. */
function withoutTexts(statement: string): string {
  const text = /\/\*.*?\*\/|--[^\n]*|'[^']*'|"[^"]*"/gs;
  return statement.replace(text, (found) => (/^"[\w.-]+"$/.test(found) ? found : ' '));
}
