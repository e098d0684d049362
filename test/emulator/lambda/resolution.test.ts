import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startFunction, stopAll } from './fixture.ts';

describe('where a function finds packages', () => {
  let project: string;
  const codeFolder = () => join(project, '.postern', 'code');

  /** A project on this machine with `left-out` and a part of the AWS SDK installed, and the code somewhere below it. */
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'postern-project-'));
    install(project, 'left-out', "'of the project'");
    install(project, '@aws-sdk/client-nothing', "'of the project'");
    mkdirSync(codeFolder(), { recursive: true });
    writeFileSync(join(project, '.postern', 'package.json'), '{}');
  });
  afterEach(async () => {
    await stopAll();
    rmSync(project, { recursive: true, force: true });
  });

  function install(folder: string, name: string, value: string): void {
    const at = join(folder, 'node_modules', name);
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
    writeFileSync(join(at, 'index.js'), `module.exports = ${value};`);
  }

  const start = (file: string, source: string) => {
    writeFileSync(join(codeFolder(), file), source);
    return startFunction('', { fn: { codeFolder: codeFolder(), handler: 'main.handler' } });
  };
  const KINDS: [what: string, file: string, importing: (name: string) => string][] = [
    ['require', 'main.cjs', (name) => `const found = require('${name}'); exports.handler = async () => found;`],
    ['import', 'main.mjs', (name) => `import found from '${name}'; export const handler = async () => found;`],
    [
      'import() of a module',
      'main.mjs',
      (name) => `export const handler = async () => (await import('${name}')).default;`,
    ],
  ];

  for (const [what, file, importing] of KINDS) {
    it(`takes what the code folder holds, by ${what}`, async () => {
      install(codeFolder(), 'left-out', "'of the bundle'");
      expect(await start(file, importing('left-out')).call()).to.equal('of the bundle');
    });

    it(`takes nothing that lies above the code folder, by ${what}`, async () => {
      const result = (await start(file, importing('left-out')).call()) as Record<string, string>;
      expect(result.kind).to.equal('failed');
      expect(result.errorMessage).to.match(/Cannot find (module|package) 'left-out'/);
      if (what !== 'import() of a module') expect(result.errorType).to.equal('Runtime.ImportModuleError');
    });

    it(`takes the AWS SDK from the project, since Lambda's runtime brings it along, by ${what}`, async () => {
      expect(await start(file, importing('@aws-sdk/client-nothing')).call()).to.equal('of the project');
    });

    it(`takes the bundle's own SDK where there is one, by ${what}`, async () => {
      install(codeFolder(), '@aws-sdk/client-nothing', "'of the bundle'");
      expect(await start(file, importing('@aws-sdk/client-nothing')).call()).to.equal('of the bundle');
    });
  }

  it("takes the SDK's clients that the emulator has, wherever the code lies", async () => {
    const { call } = startFunction(`
      const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
      exports.handler = async () => typeof new DynamoDBClient({}).send;`);
    expect(await call()).to.equal('function');
  });

  it('says what to install where this machine lacks what the runtime has', async () => {
    const { prepare } = startFunction("require('@aws-sdk/client-absent/sub');");
    const [failed] = await prepare();
    expect(failed?.reason).to.match(/^Runtime\.ImportModuleError/);
    expect(failed?.reason).to.include(
      "Lambda's runtime brings @aws-sdk/client-absent along, this machine does not: npm install -D @aws-sdk/client-absent",
    );
  });

  it("has Lambda's working directory", async () => {
    const { call, fn } = startFunction(
      "const path = require('path'); exports.handler = async () => [process.cwd(), path.resolve('views')];",
    );
    expect(await call()).to.deep.equal([fn.codeFolder, join(fn.codeFolder, 'views')]);
  });
});
