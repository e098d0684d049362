import { expect } from 'chai';
import type { CliContext, Output } from '../../../agent/cli/context.ts';
import { labelled } from '../../../agent/cli/labelled-output.ts';

describe('labelled', () => {
  function write(texts: readonly string[], stdout: Partial<Output> = {}, env = {}) {
    const written = { out: '', err: '' };
    const context: CliContext = {
      argv: [],
      env,
      stdout: Object.assign(stdout, { write: (text: string) => (written.out += text) }),
      stderr: { write: (text) => (written.err += text) },
      stop: new AbortController().signal,
      kill: new AbortController().signal,
    };
    const wrapped = labelled(context, { label: 'web ', colour: 'magenta' });
    for (const text of texts) wrapped.stdout.write(text);
    wrapped.stderr.write('bad\n');
    return { ...written, wrapped };
  }

  it('puts the label before each line, on both outputs, and drops empty ones', () => {
    const { out, err } = write(['one\n', '\n  two\nthree\n\n']);
    expect(out).to.equal('web   one\nweb     two\nweb   three\n');
    expect(err).to.equal('web   bad\n');
  });

  it('is coloured on a terminal only, and not against NO_COLOR', () => {
    expect(write(['one\n'], { isTTY: true }).out).to.equal('\x1b[35mweb \x1b[39m  one\n');
    expect(write(['one\n'], { isTTY: true }, { NO_COLOR: '1' }).out).to.equal('web   one\n');
  });

  it('leaves the rest of the width, also when the terminal changes', () => {
    const terminal = { columns: 80 };
    const { wrapped } = write([], terminal);
    expect(wrapped.stdout.columns).to.equal(74);
    terminal.columns = 120;
    expect(wrapped.stdout.columns).to.equal(114);
    expect(write([]).wrapped.stdout.columns).to.equal(undefined);
  });
});
