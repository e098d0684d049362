/** Answers with what it was sent. */
export async function handler({ body = 'hello' }: { readonly body?: string }) {
  return { statusCode: 200, body };
}
