import type { Upload } from '../forward.ts';
import type { Uploader } from '../proxy/upload.ts';

/** An uploader that is made with the first large answer, which most runs never see. */
export interface LazyUpload {
  readonly upload: Upload;
  close(): Promise<void>;
}

/** @param loopback whether URLs of this machine are taken: where the edge runs here as well */
export function createLazyUpload(loopback: boolean): LazyUpload {
  let loading: Promise<Uploader> | undefined;
  return {
    async upload(url, body, signal) {
      loading ??= import('../proxy/upload.ts').then(({ createUpload }) => createUpload({ loopback }));
      return (await loading).upload(url, body, signal);
    },
    close: async () => (await loading)?.close(),
  };
}
