/**
 * Asks for the public URL once, as a visitor would, and shows the answer's status.
 * @param json one object a line instead of words
 * @returns whether the way to the upstream works: false when there was no answer, or it is the edge's or the gateway's own;
 *   an upstream that does not run yet is no fault of the way
 */
export async function selfCheck(
  publicUrl: string,
  json: boolean,
  stdout: { write(text: string): unknown },
): Promise<boolean> {
  const began = Date.now();
  const result = await ask(publicUrl);
  const ms = Date.now() - began;
  if (json) stdout.write(`${JSON.stringify({ event: 'check', at: Date.now(), url: publicUrl, ...result, ms })}\n`);
  else
    stdout.write(
      `\n  checked         GET ${publicUrl} → ${'status' in result ? result.status : result.problem} (${ms} ms)\n\n`,
    );
  return 'status' in result && (result.code === null ? result.status !== 500 : result.code === 'upstream_unreachable');
}

async function ask(url: string): Promise<{ status: number; code: string | null } | { problem: string }> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(30_000) });
    await response.body?.cancel();
    return { status: response.status, code: response.headers.get('x-postern-error') };
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    return { problem: cause instanceof Error ? cause.message : String(cause) };
  }
}
