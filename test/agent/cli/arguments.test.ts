import { expect } from 'chai';
import { parseArguments } from '../../../agent/cli/arguments.ts';
import { isFailure } from '../../../agent/cli/failure.ts';

describe('parseArguments', () => {
  function parse(...argv: string[]) {
    const request = parseArguments(argv);
    if (isFailure(request) || !('options' in request)) throw new Error(JSON.stringify(request));
    const { '--': _rest, ...options } = request.options;
    return { command: request.command, operands: request.operands, options };
  }

  it('tells the commands apart', () => {
    expect(parse('3000')).to.deep.equal({ command: 'tunnel', operands: ['3000'], options: {} });
    expect(parse()).to.deep.equal({ command: 'tunnel', operands: [], options: {} });
    expect(parse('dev')).to.deep.equal({ command: 'dev', operands: [], options: {} });
    expect(parse('dev', '8080', '--once')).to.deep.equal({
      command: 'dev',
      operands: ['8080'],
      options: { once: true },
    });
    expect(parse('up')).to.deep.equal({ command: 'up', operands: [], options: {} });
    expect(parse('up', 'web', '007', '--quiet', 'api')).to.deep.equal({
      command: 'up',
      operands: ['web', '007', 'api'],
      options: { quiet: true },
    });
    expect(parse('config', 'validate', '--config', '5')).to.deep.equal({
      command: 'config',
      operands: ['validate'],
      options: { config: '5' },
    });
    expect(parse('token', 'maria')).to.deep.equal({ command: 'token', operands: ['maria'], options: {} });
  });

  it('reads options before and after the upstream', () => {
    const expected = { command: 'tunnel', operands: ['3000'], options: { json: true, endpoint: 'ws://x/y' } };
    expect(parse('--json', '3000', '--endpoint', 'ws://x/y')).to.deep.equal(expected);
    expect(parse('--endpoint=ws://x/y', '3000', '--json')).to.deep.equal(expected);
  });

  for (const value of ['012345678901', '1e5', '0x10', '007', '', '5']) {
    it(`leaves ${JSON.stringify(value)} a string`, () => {
      expect(parse('3000', '--tunnel-id', value).options).to.deep.equal({ tunnelId: value });
      if (value) expect(parse('3000', `--tunnel-id=${value}`).options).to.deep.equal({ tunnelId: value });
    });
  }

  it('knows help and version, with any command', () => {
    for (const argv of [['--help'], ['-h'], ['dev', '--help'], ['3000', '--help']]) {
      expect(parseArguments(argv)).to.deep.equal({ command: 'help' });
    }
    for (const argv of [['--version'], ['-v']]) expect(parseArguments(argv)).to.deep.equal({ command: 'version' });
  });

  for (const [argv, cause] of [
    [['3000', '--bogus'], '--bogus'],
    [['3000', '--bogus=1'], '--bogus'],
    [['3000', '-x'], '-x'],
    [['3000', '4000'], '4000'],
    [['dev', '3000', '4000'], '4000'],
    [['3000', '--tunnel-id'], '--tunnel-id'],
    [['3000', '--once'], '--once'],
    [['token', '--endpoint', 'x'], '--endpoint'],
    [['up', '--endpoint', 'x'], '--endpoint'],
    [['config', 'validate', 'more'], 'more'],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, () => {
      const request = parseArguments(argv);
      if (!isFailure(request)) throw new Error(JSON.stringify(request));
      expect(request.exit).to.equal(2);
      expect(request.cause).to.contain(cause).and.not.contain('\0');
    });
  }
});
