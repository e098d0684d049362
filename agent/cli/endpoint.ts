import type { Settings } from './settings.ts';

/** What to tell a person whose token goes over the network unencrypted; undefined where it does not. */
export function clearTokenWarning({ token, endpoint }: Pick<Settings, 'token' | 'endpoint'>): string | undefined {
  if (!token || new URL(endpoint).protocol !== 'ws:' || isThisMachine(endpoint)) return undefined;
  return `the token goes to ${endpoint} unencrypted: use wss:// for anything but this machine`;
}

/** True where the edge itself runs here, so that nobody can stand between. */
export function isThisMachine(endpoint: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(new URL(endpoint).hostname);
}
