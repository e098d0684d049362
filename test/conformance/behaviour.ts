import { SECTIONS } from './behaviours.ts';
import { SETTINGS, type Setting, type SettingName, type Target, type TargetName } from './target.ts';
import { awsTarget } from './targets/aws.ts';
import { startEmulatorTarget } from './targets/emulator.ts';
import { startOfflineTarget } from './targets/serverless-offline.ts';

/** Which place the suite is pointed at; our emulator unless `CONFORMANCE_TARGET` says otherwise. */
const PLACE = (process.env.CONFORMANCE_TARGET ?? 'emulator') as TargetName;

let started: Promise<Target> | undefined;
after(async () => (await started?.catch(() => undefined))?.stop());

const PATIENCE_MS = 20_000;
const START_PATIENCE_MS = 90_000;

const titles = new Map(SECTIONS.flatMap(({ behaviours }) => behaviours.map(({ id, title }) => [id, title])));

/**
 * The tests of a group of behaviours in one setting, whose target is started before the first of them.
 * @param define calls `behaviour` for each
 */
export function inSetting(name: SettingName, define: (behaviour: DefineBehaviour) => void): void {
  const setting: Setting = SETTINGS[name];
  if (PLACE === 'aws' && setting.notInAws !== undefined) return;
  if (PLACE === 'aws' && (process.env.CONFORMANCE_VARIANT ?? 'default') !== setting.variant) return;
  describe(`in the setting ${name}`, () => {
    let target: Target;
    before(async function () {
      this.timeout(START_PATIENCE_MS);
      target = await (name === 'default' ? shared() : start(setting));
    });
    after(async () => {
      if (name !== 'default') await target?.stop();
    });
    define((id, test) => {
      const title = titles.get(id);
      if (title === undefined) throw new Error(`${id} is in no list of behaviours`);
      it(`${id} ${title}`, async function () {
        this.timeout(PATIENCE_MS);
        await test(target);
      });
    });
  });
}

/** The plain one serves every file of the suite. */
function shared(): Promise<Target> {
  started ??= start(SETTINGS.default);
  return started;
}

/** @param test fails by throwing; one id may have several */
export type DefineBehaviour = (id: string, test: (target: Target) => Promise<void>) => void;

function start(setting: Setting): Promise<Target> {
  switch (PLACE) {
    case 'emulator':
      return startEmulatorTarget(setting);
    case 'serverless-offline':
      return startOfflineTarget(setting);
    case 'aws':
      return Promise.resolve(awsTarget(process.env));
  }
}
