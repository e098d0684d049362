import type { Outcome } from '../session/states.ts';
import { EXIT, type Failure } from './failure.ts';
import type { Settings } from './settings.ts';

/** What a session's end means for the person and for the exit code; undefined when it is what they asked for. */
export function outcomeFailure(
  outcome: Outcome,
  settings: Pick<Settings, 'endpoint' | 'token' | 'tunnelId'>,
): Failure | undefined {
  switch (outcome.kind) {
    case 'stopped':
      return undefined;
    case 'credentials-refused':
      return {
        exit: EXIT.credentialsRefused,
        code: 'credentials_refused',
        cause: `The edge does not let this agent in: ${outcome.why}.`,
        cure: settings.token
          ? 'Check that the token is the one whose entry is in the stage’s POSTERN_TOKENS, and that the endpoint names the right stage.'
          : 'Give a token with --token or POSTERN_TOKEN (postern token makes one), and check that the endpoint names the right stage.',
      };
    case 'tunnel-id-refused':
      return {
        exit: outcome.code === 'tunnel_id_taken' ? EXIT.tunnelIdTaken : EXIT.usage,
        code: outcome.code,
        cause: `The edge does not give the tunnel id ${settings.tunnelId ?? ''}: ${outcome.why}.`,
        cure: 'Choose another with --tunnel-id, or none for a random one.',
      };
    case 'unreachable':
      return {
        exit: EXIT.unreachable,
        code: 'edge_unreachable',
        cause: `The edge at ${settings.endpoint} is not reached: ${outcome.why}.`,
        cure: 'Check --endpoint or POSTERN_ENDPOINT; for a stack on this machine run: npm start',
      };
    case 'lost':
      return {
        exit: EXIT.lost,
        code: 'edge_lost',
        cause: `The edge at ${settings.endpoint} did not come back: ${outcome.why}.`,
        cure: 'Check the network and the stack, then start again.',
      };
  }
}
