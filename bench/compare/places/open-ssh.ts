import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../../test/support/free-port.ts';
import type { StartDesign } from '../design.ts';
import { SSH } from '../names.ts';
import { startProgram } from '../program.ts';

const run = promisify(execFile);
/** Where distributions put a server that is in nobody's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin', '/sbin'];

/** `ssh -R`: OpenSSH's own client and server, the server as this user, in a folder that goes when it ends. `SSHD` names another. */
export const startOpenSsh: StartDesign = async (upstreamPort) => {
  const client = find('ssh', []);
  const keygen = find('ssh-keygen', []);
  const server = process.env.SSHD ?? find('sshd', SERVER_FOLDERS);
  const folder = await mkdtemp(join(tmpdir(), 'postern-bench-ssh-'));
  const keys = ['host', 'user'].map((name) => join(folder, name));
  for (const key of keys) await run(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const [hostKey = '', userKey = ''] = keys;
  // Root's server wants this empty folder, which the system's own start would make.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true });
  const port = await freePort();
  const configuration = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${userKey}.pub`,
    `PidFile ${join(folder, 'pid')}`,
    // The folder is this run's own; where it lies (/tmp) is nobody's, and that is what it would object to.
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
  ];
  await writeFile(join(folder, 'sshd_config'), `${configuration.join('\n')}\n`);
  const sshd = await startProgram(server, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    ready: /Server listening/,
    patienceMs: 10_000,
  });
  return {
    name: SSH,
    server: sshd.pid,
    async open() {
      const remote = await freePort();
      const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${join(folder, 'known')}`, 'IdentitiesOnly=yes'];
      const args = [
        ...['-v', '-N', '-T', '-F', '/dev/null', '-p', String(port), '-i', userKey],
        ...[...options, 'ExitOnForwardFailure=yes', 'BatchMode=yes'].flatMap((option) => ['-o', option]),
        ...['-R', `127.0.0.1:${remote}:127.0.0.1:${upstreamPort}`, `${userInfo().username}@127.0.0.1`],
      ];
      const { pid, stop } = await startProgram(client, args, {
        ready: /remote forward success/,
        patienceMs: 10_000,
      });
      return { url: `http://127.0.0.1:${remote}`, agent: pid, stop };
    },
    async stop() {
      await sshd.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** An absolute path: sshd wants to know its own. @throws the name of what is missing */
function find(name: string, also: readonly string[]): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...also];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (!found) throw new Error(`${name} is not installed`);
  return found;
}
