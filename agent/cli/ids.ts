import { isTunnelId } from '../../src/protocol/ids.ts';
import type { IdsQuestion, IdsRefusalCode, OwnedId } from '../../src/protocol/messages.ts';
import { askIds } from '../session/ask-ids.ts';
import { agentKeyFile, loadAgentKey } from './agent-key.ts';
import type { CliContext } from './context.ts';
import { clearTokenWarning } from './endpoint.ts';
import { EXIT, type ExitCode, type Failure, isFailure, usageFailure } from './failure.ts';
import { printable } from './format.ts';
import { outcomeFailure } from './outcome.ts';
import { type RawOptions, readSettings } from './settings.ts';

/** The command `postern ids`: asks the edge about the tunnel ids of this agent's key or token, and tells what it says. */
export async function runIds(
  context: CliContext,
  operands: readonly string[],
  options: RawOptions,
): Promise<ExitCode | Failure> {
  const question = readQuestion(operands);
  if (isFailure(question)) return question;
  const settings = readSettings(options, context.env);
  if (isFailure(settings)) return settings;
  const { key, problem } = loadAgentKey(agentKeyFile(context.env));
  if (problem && !settings.token) return keyFailure(problem);

  const inClear = clearTokenWarning(settings);
  if (inClear) context.stderr.write(`postern: ${inClear}\n`);

  const { endpoint, token, connectTimeoutMs: timeoutMs } = settings;
  const { stop } = context;
  const answer = await askIds({ endpoint, ...(token && { token }), agentKey: key, question, timeoutMs, stop });
  switch (answer.kind) {
    case 'done':
      context.stdout.write(settings.json ? asJson(answer) : asText(question, answer));
      return EXIT.done;
    case 'refused':
      return refusal(question, answer.code, answer.why);
    case 'credentials-refused':
    case 'unreachable':
      return outcomeFailure(answer, settings) ?? EXIT.done;
  }
}

function readQuestion([operation, tunnelId]: readonly string[]): IdsQuestion | Failure {
  switch (operation) {
    case 'list':
      if (tunnelId === undefined) return { operation };
      return usageFailure('ids list takes no tunnel id.');
    case 'reserve':
    case 'release':
      if (tunnelId === undefined) {
        return usageFailure('The tunnel id is missing.', `Say which, like: postern ids ${operation} my-app`);
      }
      if (isTunnelId(tunnelId)) return { operation, tunnelId };
      return usageFailure(
        `The tunnel id "${tunnelId}" cannot be a label of a host name.`,
        'Use 3 to 63 of a-z, 0-9 and -, with no - at either end.',
      );
    default:
      return usageFailure(
        'ids wants to know what to do.',
        'There are: postern ids list, postern ids reserve my-app and postern ids release my-app',
      );
  }
}

/** What a key for this run alone reserved would be nobody's a moment later. */
function keyFailure(problem: string): Failure {
  return {
    exit: EXIT.usage,
    code: 'agent_key_not_kept',
    cause: `The key that owns this agent's tunnel ids cannot be kept: ${problem}.`,
    cure: 'Name another file with POSTERN_KEY_FILE, or give a token.',
  };
}

function refusal(question: IdsQuestion, code: IdsRefusalCode, why: string): Failure {
  const id = question.operation === 'list' ? 'this' : question.tunnelId;
  return {
    exit: code === 'tunnel_id_invalid' ? EXIT.usage : EXIT.tunnelIdTaken,
    code,
    cause: `The edge does not ${question.operation} ${id}: ${printable(why)}.`,
    cure: CURES[code],
  };
}

const CURES: Readonly<Record<IdsRefusalCode, string>> = {
  tunnel_id_taken: 'Choose another; who has this one may release it.',
  tunnel_id_invalid: 'Use 3 to 63 of a-z, 0-9 and -, with no - at either end.',
  tunnel_id_not_yours: 'Yours are those of postern ids list, with the same token, or else the same key file.',
  tunnel_id_in_use: 'Stop the agent that serves it, and try again after ten seconds.',
  too_many_ids: 'Release one that is needed no more: postern ids list',
};

interface Listed {
  readonly ids: readonly OwnedId[];
  readonly more: boolean;
}

function asJson({ ids, more }: Listed): string {
  return `${JSON.stringify({ event: 'ids', at: Date.now(), ids, ...(more && { more }) })}\n`;
}

function asText(question: IdsQuestion, { ids, more }: Listed): string {
  switch (question.operation) {
    case 'reserve':
      return `${question.tunnelId} is reserved: yours until you release it.\n`;
    case 'release':
      return `${question.tunnelId} is released: it is anybody's now.\n`;
    case 'list':
      if (ids.length === 0) return 'No tunnel ids are yours.\n';
      return `${table(ids)}${more ? 'There are more, held and not reserved, than fit here.\n' : ''}`;
  }
}

function table(ids: readonly OwnedId[]): string {
  const width = Math.max('tunnel id'.length, ...ids.map(({ tunnelId }) => tunnelId.length)) + 2;
  const rows = ids.map((id) => [printable(id.tunnelId), String(id.agents), kept(id)] as const);
  return [['tunnel id', 'agents', 'yours'] as const, ...rows]
    .map(([tunnelId, agents, yours]) => `${tunnelId.padEnd(width)}${agents.padEnd(8)}${yours}\n`)
    .join('');
}

function kept({ expiresAt, agents }: OwnedId): string {
  if (expiresAt === undefined) return 'until released';
  return agents > 0 ? 'while it is served, and a day longer' : `until ${localMinute(new Date(expiresAt * 1_000))}`;
}

/** Local time, `2026-11-24 14:03`. */
function localMinute(date: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
