import type { Visited } from '../stack/visitor.ts';
import { problemOf } from '../stack/visitor.ts';
import { bodyOf, sha256 } from './bodies.ts';
import type { Plan } from './plan.ts';

export type Verdict =
  | { readonly kind: 'right' }
  /** No answer of the upstream's. */
  | { readonly kind: 'lost'; readonly why: string }
  /** Another request's answer, or another tunnel's. */
  | { readonly kind: 'mixed-up'; readonly why: string }
  /** Its own answer, with other bytes than were sent. */
  | { readonly kind: 'wrong'; readonly why: string };

/** Holds an answer against what was asked for: whose it is, and each byte in both directions. */
export function checkAnswer(plan: Plan, upload: Buffer, upstream: string, visited: Visited): Verdict {
  if (visited.kind === 'failed' || visited.status !== 200) return { kind: 'lost', why: problemOf(visited) };
  const { headers, body } = visited;
  const nonce = headers['x-soak-nonce'];
  if (nonce !== plan.nonce) return { kind: 'mixed-up', why: `the answer of ${nonce} came to ${plan.nonce}` };
  if (headers['x-soak-upstream'] !== upstream) {
    return { kind: 'mixed-up', why: `${headers['x-soak-upstream']} answered for ${upstream}` };
  }
  if (headers['x-soak-upload'] !== sha256(upload)) return { kind: 'wrong', why: 'the upload arrived with other bytes' };
  const expected = bodyOf(plan.nonce, plan.kind, plan.downloadBytes);
  if (sha256(body) === sha256(expected)) return { kind: 'right' };
  const start = body.subarray(0, 40).toString('latin1');
  if (/^n\d+-\w+ /.test(start) && !start.startsWith(`${plan.nonce} `)) {
    return { kind: 'mixed-up', why: `a body that begins with ${JSON.stringify(start)} came to ${plan.nonce}` };
  }
  return { kind: 'wrong', why: `${body.length} bytes came of ${expected.length}, or other ones` };
}
