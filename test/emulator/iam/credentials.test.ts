import { expect } from 'chai';
import { createCredentialStore, DEVELOPER_CREDENTIALS } from '../../../emulator/iam/credentials.ts';
import { functionWith } from './signers.ts';

describe('createCredentialStore', () => {
  const one = functionWith('one', []);
  const two = { ...functionWith('two'), role: { arn: 'arn:aws-cn:iam::111122223333:role/path/to/shared' } };
  const store = createCredentialStore([one, two], '123456789012', 1);

  it('gives each function temporary credentials of its own, the same for the same seed', () => {
    const { accessKeyId, secretAccessKey, sessionToken } = store.ofFunction(one);
    expect(accessKeyId).to.match(/^ASIA[A-Z0-9]{16}$/);
    expect(secretAccessKey).to.have.length(40);
    expect(sessionToken).to.be.a('string').that.is.not.empty;
    expect(store.ofFunction(two).accessKeyId).to.not.equal(accessKeyId);
    expect(createCredentialStore([one], '123456789012', 1).ofFunction(one).secretAccessKey).to.equal(secretAccessKey);
    expect(createCredentialStore([one], '123456789012', 2).ofFunction(one).secretAccessKey).to.not.equal(
      secretAccessKey,
    );
  });

  it('names the caller as AWS does: the role without its path, and the function', () => {
    const { principal } = store.find(store.ofFunction(one).accessKeyId) ?? {};
    expect(principal).to.deep.equal({ arn: 'arn:aws:sts::123456789012:assumed-role/one-role/one', statements: [] });
    expect(store.find(store.ofFunction(two).accessKeyId)?.principal).to.deep.equal({
      arn: 'arn:aws-cn:sts::111122223333:assumed-role/shared/two',
    });
  });

  it('knows the developer, who may do anything, and nobody else', () => {
    expect(store.find(DEVELOPER_CREDENTIALS.accessKeyId)?.principal).to.deep.equal({
      arn: 'arn:aws:iam::123456789012:user/developer',
    });
    expect(store.find('AKIANOBODY')).to.equal(undefined);
    expect(store.find('constructor')).to.equal(undefined);
    expect(() => store.ofFunction(functionWith('three'))).to.throw('no credentials for arn:aws:lambda');
  });
});
