import { createHash, randomBytes } from 'node:crypto';
import type { Output } from './context.ts';
import { EXIT, type ExitCode, type Failure, usageFailure } from './failure.ts';

/** Prints a new token and the entry that lets it in; neither is kept anywhere. */
export function runToken(subject = 'agent', json: boolean, stdout: Output): ExitCode | Failure {
  if (!/^[A-Za-z0-9._@-]{1,64}$/.test(subject)) {
    const cure = 'Use 1 to 64 letters, digits and . _ @ -, like: postern token maria';
    return usageFailure(`The subject "${subject}" cannot stand in the setting POSTERN_TOKENS.`, cure);
  }
  const token = randomBytes(32).toString('base64url');
  const entry = tokenEntry(subject, token);
  stdout.write(json ? `${JSON.stringify({ event: 'token', at: Date.now(), token, entry })}\n` : asText(token, entry));
  return EXIT.done;
}

/** What the stage's setting holds of a token: `subject:` and the token's SHA-256 in hex, which does not give it away. */
export function tokenEntry(subject: string, token: string): string {
  return `${subject}:${createHash('sha256').update(token).digest('hex')}`;
}

function asText(token: string, entry: string): string {
  return `Token, shown this once: give it to the agent as POSTERN_TOKEN or --token.

  ${token}

Entry for the stage's setting POSTERN_TOKENS, beside others after a comma:

  ${entry}
`;
}
