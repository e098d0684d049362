import { Agent, request } from 'node:http';

/** Posts to `/@connections/<id>`, unsigned, over kept connections. */
export function createPost(origin: string): (connectionId: string, text: string) => Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(origin);
  return (connectionId, text) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-length': Buffer.byteLength(text) };
      const options = { agent, hostname, port, method: 'POST', path: `/@connections/${connectionId}`, headers };
      const posted = request(options, (response) => response.resume().once('end', resolve));
      posted.once('error', reject);
      posted.end(text);
    });
}
