import { expect } from 'chai';
import { overlay, readAssignments, readSettings } from '../../../emulator/settings.ts';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof EmulatorError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the setting latency', () => {
  it('is a profile, or a profile with rows of its own; numbers may be text', () => {
    expect(readSettings({ latency: 'aws' })).to.deep.equal({ latency: { profile: 'aws' } });
    const given = { latency: { profile: 'aws', postToConnection: '12', getItem: 0 } };
    expect(readSettings(given)).to.deep.equal({ latency: { profile: 'aws', postToConnection: 12, getItem: 0 } });
  });

  it('is refused where it makes no sense, with the profiles and the rows that there are', () => {
    expect(refusalOf(() => readSettings({ latency: 'gcp' }))).to.include('must be one of none, aws, not "gcp"');
    expect(refusalOf(() => readSettings({ latency: ['aws', 'none'] }))).to.include('must be one of none, aws');
    const rows = refusalOf(() => readSettings({ latency: { profile: 'x', getItme: 1, query: -1, scan: 'long' } }));
    expect(rows).to.include('latency.profile must be one of none, aws, not "x"');
    expect(rows).to.include('latency.getItme is no row').and.to.include('postToConnection');
    expect(rows).to.include('latency.query must be').and.to.include('latency.scan must be');
  });

  it('is set on the command line, as a whole or by rows, in any order', () => {
    const both = { latency: { profile: 'aws', getItem: 9 } };

    expect(readAssignments(['latency=aws', 'latency.getItem=9'])).to.deep.equal(both);
    expect(readAssignments(['latency.getItem=9', 'latency=aws'])).to.deep.equal(both);
    expect(refusalOf(() => readAssignments(['latency=fast']))).to.include('none, aws');
  });

  it('lays rows over what is written, and starts anew where a profile is named', () => {
    const written = readSettings({ latency: { profile: 'aws', visitorNetwork: 80 } });

    expect(overlay(written, readAssignments(['latency.getItem=9'])).latency).to.deep.equal({
      profile: 'aws',
      visitorNetwork: 80,
      getItem: 9,
    });
    expect(overlay(written, readAssignments(['latency=none'])).latency).to.deep.equal({ profile: 'none' });
    expect(overlay(written, {}).latency).to.deep.equal({ profile: 'aws', visitorNetwork: 80 });
    expect(overlay({}, { latency: 'aws' }).latency).to.equal('aws');
    expect(overlay({ seed: 1 }, { tls: true })).to.deep.equal({ seed: 1, tls: true });
  });
});
