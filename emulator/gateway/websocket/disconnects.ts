import { strikes } from '../../stack/random.ts';
import type { GatewayContext } from '../context.ts';
import { type ConnectionFacts, disconnectEvent } from '../events/websocket.ts';
import { type BoundIntegration, describeFailure, functionName } from '../integration.ts';
import { ABNORMAL, type Closing } from './closing.ts';

/** Runs `$disconnect`, as far as it runs at all. */
export interface Disconnects {
  run(facts: ConnectionFacts, closing: Closing): void;
  /** Nothing runs after this. */
  stop(): void;
}

/**
 * `$disconnect` comes after the connection is gone, best effort: it may be lost or late, and what it returns matters to
 * nobody (WS-60, WS-65).
 * @param integration none where the API has no such route
 */
export function createDisconnects(context: GatewayContext, integration: BoundIntegration | undefined): Disconnects {
  const { clock, faults, latency, log, switches } = context;
  const ids = context.idsOf('disconnects');
  const random = context.randomOf('disconnectDropRate');
  const cancels = new Set<() => void>();
  let stopped = false;

  async function invoke(integrated: BoundIntegration, facts: ConnectionFacts, closing: Closing): Promise<void> {
    const occurrence = { requestId: ids.next(), at: clock.now() };
    const told = closing === ABNORMAL ? { ...closing, reason: switches.abnormalCloseReason } : closing;
    const outcome = await integrated.call(JSON.stringify(disconnectEvent(facts, occurrence, told)));
    const ms = clock.now() - occurrence.at;
    if (stopped) return;
    const subject = `$disconnect of ${facts.connectionId}`;
    if (outcome.kind === 'returned') {
      const message = `${subject} ran in ${ms} ms by ${functionName(integrated.functionArn)}`;
      log({ level: 'info', source: 'gateway', message, behaviour: 'WS-60' });
      return;
    }
    const failure = describeFailure(integrated.functionArn, outcome);
    const message = `${subject}: ${failure}. AWS does not try again: what it should have cleaned up stays`;
    log({ level: 'error', source: 'gateway', message, behaviour: outcome.kind === 'forbidden' ? 'WS-06' : 'WS-60' });
  }

  return {
    run(facts, closing) {
      if (integration === undefined || stopped) return;
      if (strikes(faults.disconnectDropRate, random)) {
        const message = `$disconnect of ${facts.connectionId} is lost on purpose (disconnectDropRate): AWS never promises it`;
        log({ level: 'warn', source: 'gateway', message, behaviour: 'WS-60' });
        return;
      }
      const delayMs = faults.disconnectDelayMs + (latency?.draw('messageRouted') ?? 0);
      if (delayMs === 0) {
        void invoke(integration, facts, closing);
        return;
      }
      const cancel = clock.after(delayMs, () => {
        cancels.delete(cancel);
        void invoke(integration, facts, closing);
      });
      cancels.add(cancel);
    },
    stop() {
      stopped = true;
      for (const cancel of cancels) cancel();
      cancels.clear();
    },
  };
}
