import { SECTIONS } from './behaviours.ts';
import { SETTINGS, type Setting, type SettingName, type Target, type TargetName } from './target.ts';
import { awsTarget } from './targets/aws.ts';
import { startEmulatorTarget } from './targets/emulator.ts';
import { startOfflineTarget } from './targets/serverless-offline.ts';

/** Which place the suite is pointed at; our emulator unless `CONFORMANCE_TARGET` says otherwise. */
const PLACE = (process.env.CONFORMANCE_TARGET ?? 'emulator') as TargetName;

let plain: Promise<Target> | undefined;
after(() => stop(plain));

const PATIENCE_MS = 20_000;
const START_PATIENCE_MS = 90_000;

const titles = new Map(SECTIONS.flatMap(({ behaviours }) => behaviours.map(({ id, title }) => [id, title])));

/**
 * The tests of a group of behaviours in one setting, whose target is started by the first of them. Where it does not start,
 * each fails with the reason: a hook's failure would be one of the first alone.
 * @param define calls `behaviour` for each
 */
export function inSetting(name: SettingName, define: (behaviour: DefineBehaviour) => void): void {
  const setting: Setting = SETTINGS[name];
  if (PLACE === 'aws' && setting.notInAws !== undefined) return;
  if (PLACE === 'aws' && (process.env.CONFORMANCE_VARIANT ?? 'default') !== setting.variant) return;
  describe(`in the setting ${name}`, () => {
    let own: Promise<Target> | undefined;
    const started = () => {
      if (name === 'default') return shared();
      own ??= start(setting);
      return own;
    };
    after(() => stop(own));
    define((id, test) => {
      const title = titles.get(id);
      if (title === undefined) throw new Error(`${id} is in no list of behaviours`);
      it(`${id} ${title}`, async function () {
        this.timeout(START_PATIENCE_MS);
        const target = await started();
        this.timeout(PATIENCE_MS);
        await test(target);
      });
    });
  });
}

/** What did not start needs no end. */
async function stop(starting: Promise<Target> | undefined): Promise<void> {
  await (await starting?.catch(() => undefined))?.stop();
}

/** The plain one serves every file of the suite. */
function shared(): Promise<Target> {
  plain ??= start(SETTINGS.default);
  return plain;
}

/** @param test fails by throwing; one id may have several */
export type DefineBehaviour = (id: string, test: (target: Target) => Promise<void>) => void;

async function start(setting: Setting): Promise<Target> {
  switch (PLACE) {
    case 'emulator':
      return startEmulatorTarget(setting);
    case 'serverless-offline':
      return startOfflineTarget(setting);
    case 'aws':
      return awsTarget(process.env);
  }
}
