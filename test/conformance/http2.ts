import { once } from 'node:events';
import { connect } from 'node:http2';
import { encode, recordOf, tag } from './ask.ts';
import type { HttpEvent } from './exchange.ts';
import type { Target } from './target.ts';

/** Asks by HTTP/2, which only a target with TLS speaks: the event that the function received. */
export async function requestByHttp2(target: Target, path: string): Promise<HttpEvent> {
  const wanted = tag();
  const session = connect(target.http);
  try {
    const stream = session.request({ ':path': path, 'x-do': encode({ tag: wanted }) });
    stream.resume().end();
    await once(stream, 'end');
    return (await recordOf(target, (record) => record.tag === wanted)).event as HttpEvent;
  } finally {
    session.destroy();
  }
}
