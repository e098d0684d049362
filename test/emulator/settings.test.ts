import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { overlay, readAssignments, readSettings, SETTINGS } from '../../emulator/settings.ts';
import { EmulatorError } from '../../emulator/stack/emulator-error.ts';

const PAGE = readFileSync(new URL('../../emulator/SETTINGS.md', import.meta.url), 'utf8');

describe('settings of the emulator', () => {
  it('are all in SETTINGS.md, with their defaults', () => {
    for (const group of Object.values(SETTINGS)) {
      for (const [name, value] of Object.entries(group)) expect(PAGE).to.include(`| \`${name}\` | ${value} |`);
    }
  });

  it('have names of their own, so that the command line needs no groups', () => {
    const { ports: _, ...groups } = SETTINGS;
    const names = Object.values(groups).flatMap((group) => Object.keys(group));

    expect(new Set(names).size).to.equal(names.length);
  });

  it('are read as serverless.yml has them, variables being text', () => {
    const given = {
      seed: '7',
      tls: 'true',
      ports: { http: '5000' },
      quotas: { idleMs: 1_000 },
      faults: { halfOpenRate: '0.5' },
      switches: { pingResetsIdle: true, anyInArn: 'method' },
      environment: { A: 1 },
    };

    expect(readSettings(given)).to.deep.equal({
      seed: 7,
      tls: true,
      ports: { http: 5000 },
      quotas: { idleMs: 1_000 },
      faults: { halfOpenRate: 0.5 },
      switches: { pingResetsIdle: true, anyInArn: 'method' },
      environment: { A: '1' },
    });
  });

  it('are refused where they make no sense, all of them at once', () => {
    const given = {
      sead: 1,
      seed: 'x',
      clockSpeed: 0,
      concurrency: 0.5,
      ttlDelayMs: -1,
      ports: { http: 70_000 },
      quotas: { idleMs: -1, idelMs: 1 },
      faults: { halfOpenRate: 2 },
      switches: { pingResetsIdle: 'yes', anyInArn: 'all', headerLimitStatus: 42 },
      environment: { A: {} },
    };
    let thrown: unknown;
    try {
      readSettings(given);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).to.be.instanceOf(EmulatorError).with.property('code', 'SETTINGS_INVALID');
    const cause = String((thrown as EmulatorError).cause);
    for (const line of [
      'sead is no setting',
      'seed must be a number, not "x"',
      'ports.http must be a port',
      'quotas.idleMs must be a whole number, not below 1',
      'quotas.idelMs is no setting',
      'faults.halfOpenRate must be a rate',
      'switches.headerLimitStatus must be a status from 400 to 599',
      'clockSpeed must be a number above 0',
      'concurrency must be a whole number, not below 1',
      'ttlDelayMs must be a number of milliseconds',
      'switches.pingResetsIdle must be true or false, not "yes"',
      'switches.anyInArn must be one of ANY, method',
      'environment.A must be text',
    ]) {
      expect(cause).to.include(line);
    }
  });

  it('come as words of a command line, too, and lie over those of a file', () => {
    const words = readAssignments([
      'idleMs=500',
      'pingResetsIdle=true',
      'halfOpenRate=0.1',
      'seed=3',
      'ports.http=0',
      'environment.A=b=c',
    ]);

    expect(overlay({ seed: 1, quotas: { idleMs: 1, lifeMs: 2 } }, words)).to.deep.equal({
      seed: 3,
      quotas: { idleMs: 500, lifeMs: 2 },
      switches: { pingResetsIdle: true },
      faults: { halfOpenRate: 0.1 },
      ports: { http: 0 },
      environment: { A: 'b=c' },
    });
    expect(() => readAssignments(['nothing'])).to.throw(EmulatorError, '"nothing" is not name=value');
    expect(() => readAssignments(['idelMs=1'])).to.throw(EmulatorError, 'idelMs is no setting');
    expect(() => readAssignments(['__proto__=1'])).to.throw(EmulatorError, '__proto__ is no setting');
  });
});
