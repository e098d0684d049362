import type { TlsIdentity } from './gateway/http-server.ts';

const DAYS = 30;
const MS_A_DAY = 24 * 60 * 60_000;

/**
 * Makes a certificate that signs itself, for this machine's names and those that the stack's APIs have in AWS. Its key is
 * never written anywhere: it lives as long as the emulator.
 * @param hosts names in AWS
 * @param now epoch milliseconds
 */
export async function createCertificate(hosts: readonly string[], now: number): Promise<TlsIdentity> {
  const { generate } = await import('selfsigned');
  const names = ['localhost', '*.localhost', ...hosts].map((value) => ({ type: 2 as const, value }));
  const addresses = ['127.0.0.1', '::1'].map((ip) => ({ type: 7 as const, ip }));
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'postern emulator' }], {
    keyType: 'ec',
    notBeforeDate: new Date(now - MS_A_DAY),
    notAfterDate: new Date(now + DAYS * MS_A_DAY),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [...names, ...addresses] },
    ],
  });
  return { key, cert };
}
