import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageService } from '../../emulator/packaging/package-service.ts';
import { ROOT } from '../support/cloud.ts';

describe('a source that does not compile', () => {
  it('is shown with its place, and the command ends', async () => {
    const service = mkdtempSync(join(tmpdir(), 'postern-broken-'));
    for (const same of ['node_modules', 'emulator']) {
      symlinkSync(join(ROOT, same), join(service, same));
    }
    for (const own of ['serverless.yml', 'package.json', 'tsconfig.json', 'src']) {
      cpSync(join(ROOT, own), join(service, own), { recursive: true });
    }
    appendFileSync(join(service, 'src/handlers/forward.ts'), 'syntax error here {\n');
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_')),
    );
    const result = await packageService({ service, stage: 'dev', cache: join(service, '.postern'), environment });
    expect(result.kind).to.equal('failed');
    expect(result).to.have.property('output').that.includes('src/handlers/forward.ts');
    rmSync(service, { recursive: true, force: true });
  });
});
