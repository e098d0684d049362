import { expect } from 'chai';
import type { CliContext, Output } from '../../../agent/cli/context.ts';
import { createReport } from '../../../agent/cli/report.ts';
import type { Settings } from '../../../agent/cli/settings.ts';
import type { AgentEvent } from '../../../agent/session/events.ts';
import { ESTABLISHED } from '../support/scripted-edge.ts';

const { tunnelId, publicUrl, connectionId } = ESTABLISHED;
const ONLINE: AgentEvent = { event: 'online', tunnelId, publicUrl, subdomainUrl: 'http://x.localhost', connectionId };
const REQUEST: AgentEvent = {
  event: 'request',
  id: 'r1',
  method: 'GET',
  path: '/a?token=secret',
  status: 200,
  ms: 12,
  bytes: 3,
};
const OTHERS: AgentEvent[] = [
  { event: 'offline', why: 'cut' },
  { event: 'reconnecting', attempt: 1, inMs: 1_250, why: 'cut' },
  { event: 'error', code: 'timeout', message: 'slow' },
  { event: 'note', message: 'passed over' },
];

describe('createReport', () => {
  function print(
    settings: Partial<Settings>,
    events: readonly AgentEvent[],
    stdout: Partial<Output> = {},
    env = {},
    fields = {},
  ) {
    const texts = { out: '', err: '' };
    const context: CliContext = {
      argv: [],
      env,
      stdout: { write: (text) => (texts.out += text), ...stdout },
      stderr: { write: (text) => (texts.err += text) },
      stop: new AbortController().signal,
      kill: new AbortController().signal,
    };
    const report = createReport({ json: false, detail: 'normal', ...settings }, context, fields);
    for (const event of events) report(event);
    return texts;
  }

  describe('for programs', () => {
    it('prints one object a line, with event and time first', () => {
      const { out, err } = print({ json: true }, [ONLINE, REQUEST, ...OTHERS]);
      const lines = out
        .trimEnd()
        .split('\n')
        .map((line): Record<string, unknown> => JSON.parse(line));
      for (const line of lines) {
        expect(Object.keys(line).slice(0, 2)).to.deep.equal(['event', 'at']);
        expect(line.at).to.be.a('number').and.closeTo(Date.now(), 5_000);
        delete line.at;
      }
      expect(lines).to.deep.equal([ONLINE, { ...REQUEST, path: '/a' }, ...OTHERS.slice(0, 3)]);
      expect(err).to.equal('');
    });

    it('adds what is said of all events, after event and time', () => {
      const { out } = print({ json: true }, [REQUEST], {}, {}, { tunnel: 'web' });
      expect(Object.keys(JSON.parse(out)).slice(0, 4)).to.deep.equal(['event', 'at', 'tunnel', 'id']);
      expect(JSON.parse(out)).to.include({ tunnel: 'web' });
      expect(print({}, [REQUEST], {}, {}, { tunnel: 'web' }).out).to.not.contain('web');
    });

    it('shows queries and notes to those who ask, notes beside the lines', () => {
      const { out, err } = print({ json: true, detail: 'verbose' }, [REQUEST, ...OTHERS]);
      expect(out).to.contain('secret').and.not.contain('passed over');
      expect(err).to.contain('passed over');
    });
  });

  describe('for people', () => {
    it('shows both URLs, a line for each request, and each change', () => {
      const { out, err } = print({}, [ONLINE, REQUEST, ...OTHERS, ONLINE]);
      expect(out).to.match(
        /public URL +http:\/\/localhost:4000\/abc123def456\/\n +subdomain URL +http:\/\/x\.localhost\/\n/,
      );
      expect(out).to.match(/\d\d:\d\d:\d\d {2}GET +\/a +200 +12 ms +3 B\n/);
      expect(out).to.contain('offline: cut').and.contain('trying again in 1.3 s (attempt 1): cut');
      expect(out).to.contain('online again').and.not.contain('secret').and.not.contain('passed over');
      expect(err).to.contain('timeout  slow');
    });

    it('is silent about requests when asked to be', () => {
      expect(print({ detail: 'quiet' }, [ONLINE, REQUEST]).out)
        .to.contain('public URL')
        .and.not.contain('GET');
    });

    it('aligns whatever the path, within the terminal', () => {
      const paths = ['/', `/${'x'.repeat(300)}`, '/a\x1b[2J'];
      const events = paths.map((path): AgentEvent => ({ ...REQUEST, path }) as AgentEvent);
      const lines = print({}, events, { columns: 80 }).out.trimEnd().split('\n');
      expect(lines.map((line) => line.length)).to.deep.equal([80, 80, 80]);
      expect(lines.join()).not.to.contain('\x1b');
    });

    it('has colours on a terminal, but not against NO_COLOR', () => {
      expect(print({}, [REQUEST], { isTTY: true }).out).to.contain('\x1b[32m200');
      expect(print({}, [REQUEST], { isTTY: true }, { NO_COLOR: '1' }).out).not.to.contain('\x1b');
      expect(print({}, [REQUEST]).out).not.to.contain('\x1b');
    });
  });
});
