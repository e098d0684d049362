import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';
import { type LoadTemplateFileOptions, loadTemplateFile } from '../../../emulator/template/load-template-file.ts';
import { FUNCTION, makeFolder, removeFolders } from './fixture.ts';

const TEMPLATE = { Parameters: { Colour: { Type: 'String', Default: 'red' } }, Resources: { App: FUNCTION } };
const STATE = {
  service: {
    service: 'shop',
    provider: { stage: 'prod', region: 'eu-north-1' },
    custom: { postern: { ports: { http: 0 } } },
  },
};

/** A folder with a template, the artifact it names, and what else is given. */
function folderWith(files: Record<string, unknown>): string {
  const folder = makeFolder();
  writeFileSync(join(folder, 'artifact.zip'), zipSync({ 'src/app.cjs': strToU8('exports.handler = async () => 1;') }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

function read(path: string, options: Partial<LoadTemplateFileOptions> = {}) {
  return loadTemplateFile(path, { cache: makeFolder(), ...options });
}

describe('loadTemplateFile', () => {
  afterEach(removeFolders);

  const packaged = { 'cloudformation-template-update-stack.json': TEMPLATE, 'serverless-state.json': STATE };

  it('reads a package: its stack, region and settings, from the folder or from the template in it', () => {
    const folder = folderWith(packaged);
    for (const path of [folder, join(folder, 'cloudformation-template-update-stack.json')]) {
      const { stack, settings } = read(path);
      expect(stack).to.deep.include({ name: 'shop-prod', region: 'eu-north-1', accountId: '123456789012' });
      expect(stack.functions).to.have.length(1);
      expect(settings).to.deep.equal({ ports: { http: 0 } });
    }
  });

  it('reads a template alone, named by its file, of us-east-1', () => {
    const { stack, settings } = read(
      join(folderWith({ '2-my_shop.template.json': TEMPLATE }), '2-my_shop.template.json'),
    );
    expect(stack).to.deep.include({ name: 'my-shop', region: 'us-east-1' });
    expect(stack.functions[0]).to.have.property('name', 'shop-dev-app');
    expect(settings).to.deep.equal({});
  });

  it('takes what is given over what it finds', () => {
    const folder = folderWith(packaged);
    const given = {
      stackName: 'mine',
      region: 'cn-north-1',
      accountId: '210987654321',
      parameters: { Colour: 'blue' },
    };
    expect(read(folder, given).stack).to.deep.include({ name: 'mine', partition: 'aws-cn', accountId: '210987654321' });
    expect(() => read(folder, { parameters: { Color: 'blue' } })).to.throw(EmulatorError, /no such parameter/);
  });

  it('refuses names, regions and accounts that AWS does not have', () => {
    const wrong = { stackName: '1_x', region: '../etc', accountId: '12' };
    expect(() => read(folderWith(packaged), wrong))
      .to.throw(EmulatorError, /stack name "1_x"[\s\S]*"\.\.\/etc" is no region[\s\S]*account id "12"/)
      .with.property('code', 'SETTINGS_INVALID');
  });

  it('says what is wrong with a file, and what to do', () => {
    const folder = folderWith({
      'a.yml': 'Resources:\n  App: !Ref Other\n',
      'a.json': '{"Resources": ',
      'list.json': '[]',
      'empty.json': '{}',
    });
    const messageOf = (name: string) => {
      try {
        read(join(folder, name));
      } catch (error) {
        expect(error).to.be.instanceOf(EmulatorError).with.property('code', 'TEMPLATE_UNREADABLE');
        return (error as EmulatorError).message;
      }
      throw new Error('accepted');
    };
    expect(messageOf('a.yml')).to.contain('a.yml is not JSON; YAML is not read').and.contain('cdk synth --json');
    expect(messageOf('a.json')).to.contain('a.json is not valid JSON');
    expect(messageOf('list.json')).to.contain('it has no Resources');
    expect(messageOf('empty.json')).to.contain('it has no Resources');
    expect(messageOf('nowhere.json')).to.contain('There is no template or folder').and.contain('npx sls package');
    mkdirSync(join(folder, 'sub'));
    expect(messageOf('sub')).to.contain('npx sls package');
  });

  it('survives any state of a package', () => {
    const folder = folderWith(packaged);
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        writeFileSync(join(folder, 'serverless-state.json'), text);
        expect(() => read(folder)).to.throw(EmulatorError);
      }),
    );
  });
});
