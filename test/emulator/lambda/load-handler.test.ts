import { expect } from 'chai';
import { startFunction, stopAll } from './fixture.ts';

describe('loading a handler', () => {
  afterEach(stopAll);

  const works: [what: string, handler: string, files: Record<string, string>][] = [
    [
      'a nested folder and a nested export',
      'src/a/app.api.get',
      { 'src/a/app.cjs': 'exports.api = { get: async () => "yes" };' },
    ],
    ['.mjs', 'mod.handler', { 'mod.mjs': 'export const handler = async () => "yes";' }],
    ['.js as CommonJS', 'plain.handler', { 'plain.js': 'exports.handler = async () => "yes";' }],
    [
      '.js as a module, by the package.json beside it',
      'esm/main.handler',
      { 'esm/main.js': 'export const handler = async () => "yes";', 'esm/package.json': '{"type":"module"}' },
    ],
    [
      'relative requires and dynamic imports',
      'two.handler',
      {
        'two.cjs': 'exports.handler = async () => (await import("./other.cjs")).default.word;',
        'other.cjs': 'exports.word = "yes";',
      },
    ],
  ];
  for (const [what, handler, files] of works) {
    it(`works for ${what}`, async () => {
      const { call, log } = startFunction('', { fn: { handler }, files });
      expect(await call()).to.equal('yes');
      expect(log.filter(({ level }) => level !== 'debug')).to.deep.equal([]);
    });
  }

  const fails: [what: string, handler: string, source: string, errorType: string, says: RegExp][] = [
    ['no such file', 'absent.handler', '', 'Runtime.ImportModuleError', /Cannot find module 'absent'/],
    ['no such export', 'app.nothing', '', 'Runtime.HandlerNotFound', /app\.nothing is undefined or not exported/],
    ['an export that is no function', 'app.x', 'exports.x = 1;', 'Runtime.HandlerNotFound', /app\.x is not a function/],
    ['a missing dependency', 'app.x', 'require("nope-not-there");', 'Runtime.ImportModuleError', /nope-not-there/],
    ['a syntax error', 'app.x', 'const = 1;', 'Runtime.UserCodeSyntaxError', /SyntaxError/],
    ['a malformed name', 'app', '', 'Runtime.MalformedHandlerName', /Bad handler app/],
    ['a top level that throws', 'app.x', 'throw new RangeError("at load")', 'RangeError', /at load/],
  ];
  for (const [what, handler, source, errorType, says] of fails) {
    it(`fails each invocation for ${what}, and says so in the log`, async () => {
      const { call, log, fn } = startFunction(source, { fn: { handler } });
      for (const attempt of [1, 2]) {
        const result = (await call()) as Record<string, string>;
        expect(result, `attempt ${attempt}`).to.include({ kind: 'failed', errorType });
        expect(result.errorMessage).to.match(says);
      }
      const complaint = log.find(({ level }) => level === 'error');
      expect(complaint?.source).to.equal(fn.name);
      expect(complaint?.message).to.contain(`${handler} in ${fn.codeFolder} does not load`);
    });
  }
});
