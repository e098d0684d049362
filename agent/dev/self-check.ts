/**
 * Asks for the public URL once, as a visitor would, and shows the answer's status.
 * @param json one object a line instead of words
 * @returns false when there was no answer at all
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
      `\n  checked        GET ${publicUrl} → ${'status' in result ? result.status : result.problem} (${ms} ms)\n\n`,
    );
  return 'status' in result;
}

async function ask(url: string): Promise<{ status: number } | { problem: string }> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(30_000) });
    await response.body?.cancel();
    return { status: response.status };
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    return { problem: cause instanceof Error ? cause.message : String(cause) };
  }
}
