import type { PolicyStatement, Role } from '../stack/stack.ts';
import { DEPLOYED_ONLY } from './intrinsics.ts';
import { MANAGED_POLICIES } from './managed-policies.ts';
import { readStatements } from './policy-statements.ts';
import type { Properties } from './properties.ts';
import type { ResourcesOfType } from './resources.ts';
import type { StackIdentity, TemplateScope } from './scope.ts';
import { ANYTHING, POLICY_DOCUMENT, plain, type Shape, type Shapes, TAGS } from './shapes.ts';
import { isObject, own } from './values.ts';

export interface Roles {
  /** The role of a function's `Role` property; undefined when that was reported. */
  of(fn: Properties): Role | undefined;
}

const PRINCIPAL: Shape = { kind: 'object', keys: plain('AWS', 'CanonicalUser', 'Federated', 'Service'), orText: true };
const TRUST_STATEMENT: Shape = {
  kind: 'object',
  keys: {
    ...plain('Action', 'Effect', 'NotAction', 'Sid'),
    ...{ Condition: ANYTHING, NotPrincipal: PRINCIPAL, Principal: PRINCIPAL },
  },
};

/** All that roles and policies may say; what of it matters is judged for the roles that functions have. */
const SHAPES: Readonly<Record<string, Shapes>> = {
  'AWS::IAM::Role': {
    ...plain('Description', 'ManagedPolicyArns', 'MaxSessionDuration', 'Path', 'PermissionsBoundary', 'RoleName'),
    AssumeRolePolicyDocument: {
      kind: 'object',
      keys: { ...plain('Id', 'Version'), Statement: { kind: 'list', of: TRUST_STATEMENT, orOne: true } },
    },
    Policies: {
      kind: 'list',
      of: { kind: 'object', keys: { ...plain('PolicyName'), PolicyDocument: POLICY_DOCUMENT } },
    },
    Tags: TAGS,
  },
  'AWS::IAM::ManagedPolicy': {
    ...plain('Description', 'Groups', 'ManagedPolicyName', 'Path', 'Roles', 'Users'),
    PolicyDocument: POLICY_DOCUMENT,
  },
  'AWS::IAM::Policy': { ...plain('Groups', 'PolicyName', 'Roles', 'Users'), PolicyDocument: POLICY_DOCUMENT },
  'AWS::IAM::RolePolicy': { ...plain('PolicyName', 'RoleName'), PolicyDocument: POLICY_DOCUMENT },
};

const ROLE_ARN = /^arn:[^:]+:iam::\d{12}:role\/\S+$/;
const AWS_MANAGED = /^arn:[^:]+:iam::aws:policy\/(.+)$/;

/**
 * Reads what the roles of the template allow, when a function has one: their own policies, and every policy of the
 * template that is attached to them. Roles that nobody here has are not looked at.
 */
export function createRoles(resources: ResourcesOfType, scope: TemplateScope, stack: StackIdentity): Roles {
  const roles = new Map(resources('AWS::IAM::Role').map((role) => [arnOf(role, scope), role]));
  const managed = new Map(resources('AWS::IAM::ManagedPolicy').map((policy) => [refOf(policy, scope), policy]));
  const read = new Map<string, readonly PolicyStatement[]>();
  for (const [type, shapes] of Object.entries(SHAPES)) {
    for (const properties of resources(type)) properties.refuseOthers(shapes);
  }

  return {
    of(fn) {
      const arn = fn.requiredKnown('Role');
      if (arn === undefined) return undefined;
      if (arn === DEPLOYED_ONLY) {
        // Another stack's: what it is called is not known either, and must be something.
        warnOfStranger(fn, 'known only when deployed');
        return { arn: `arn:${stack.partition}:iam::${stack.accountId}:role/of-another-stack-for-${fn.logicalId}` };
      }
      if (typeof arn !== 'string' || !ROLE_ARN.test(arn)) {
        fn.report('Role', 'must be the ARN of a role');
        return undefined;
      }
      const role = roles.get(arn);
      if (role === undefined) {
        warnOfStranger(fn, arn);
        return { arn };
      }
      const statements = read.get(arn) ?? statementsOf(role);
      read.set(arn, statements);
      return { arn, statements };
    },
  };

  function statementsOf(role: Properties): PolicyStatement[] {
    const name = refOf(role, scope);
    role.refuse(['PermissionsBoundary'], 'the emulator does not support it');
    requireTrust(role);
    const inline = [role.known('Policies') ?? []].flat().flatMap((policy, index) => {
      const path = `Policies[${index}].PolicyDocument`;
      return readStatements(isObject(policy) ? policy.PolicyDocument : policy, (inner, what) =>
        role.report(path + inner, what),
      );
    });
    const attached = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
      .flatMap(resources)
      .filter((policy) => [policy.known('Roles')].flat().includes(name));
    const single = resources('AWS::IAM::RolePolicy').filter((policy) => policy.known('RoleName') === name);
    const byArn = attachedByArn(role, attached);
    return [...inline, ...byArn, ...[...attached, ...single].flatMap(documentOf)];
  }

  /** @param attached policies that name the role themselves, and are not to be read twice */
  function attachedByArn(role: Properties, attached: readonly Properties[]): PolicyStatement[] {
    const arns = role.known('ManagedPolicyArns') ?? [];
    if (!Array.isArray(arns)) role.report('ManagedPolicyArns', 'must be a list');
    return [arns].flat().flatMap((arn, index) => {
      const text = typeof arn === 'string' ? arn : '';
      const policy = managed.get(text);
      if (policy !== undefined) return attached.includes(policy) ? [] : documentOf(policy);
      const statements = own(MANAGED_POLICIES, AWS_MANAGED.exec(text)?.[1] ?? '');
      if (statements === undefined) {
        const which = arn === DEPLOYED_ONLY ? 'a policy known only when deployed' : text.slice(0, 300);
        role.report(`ManagedPolicyArns[${index}]`, `nobody here knows what it allows: ${which}`);
      }
      return statements ?? [];
    });
  }
}

function documentOf(policy: Properties): PolicyStatement[] {
  const document = policy.known('PolicyDocument');
  return readStatements(document, (path, what) => policy.report(`PolicyDocument${path}`, what));
}

function warnOfStranger(fn: Properties, role: string): void {
  fn.warn(
    'Role',
    `the role ${role} is not of this template: here ${fn.logicalId} may do everything, in AWS what it allows`,
  );
}

/** Lambda refuses a function whose role it may not assume. */
function requireTrust(role: Properties): void {
  const document = role.known('AssumeRolePolicyDocument');
  if (document === DEPLOYED_ONLY) return;
  const statements = isObject(document) ? [document.Statement].flat() : [];
  const trusts = statements.some((statement) => {
    if (!isObject(statement) || statement.Effect !== 'Allow' || !isObject(statement.Principal)) return false;
    const assumes = [statement.Action].flat().some((action) => action === 'sts:AssumeRole' || action === 'sts:*');
    return assumes && [statement.Principal.Service].flat().includes('lambda.amazonaws.com');
  });
  if (!trusts)
    role.report('AssumeRolePolicyDocument', 'must let lambda.amazonaws.com assume the role (sts:AssumeRole)');
}

const arnOf = ({ logicalId }: Properties, scope: TemplateScope) => scope.attribute(logicalId, 'Arn');
const refOf = ({ logicalId }: Properties, scope: TemplateScope) => scope.ref(logicalId);
