import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { AgentEnded, startAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { echo, startUpstream, type Upstream } from '../support/upstream.ts';

const TOKEN = 'correct-horse-battery-staple';
const ENTRY = `alice:${createHash('sha256').update(TOKEN).digest('hex')}`;

describe('who may open a tunnel', () => {
  let upstream: Upstream;
  let cloud: Cloud | undefined;

  before(async () => {
    upstream = await startUpstream(echo);
  });

  afterEach(() => cloud?.stop());
  after(() => upstream.stop());

  async function connect(environment: Record<string, string>, token?: string): Promise<string> {
    cloud = await startCloud({ environment });
    try {
      const agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url, ...(token && { token }) });
      const { status } = await fetch(agent.online.publicUrl);
      await agent.stop();
      return `online, ${status}`;
    } catch (error) {
      if (error instanceof AgentEnded) return `exit ${error.exit}`;
      throw error;
    }
  }

  it('is nobody on a stage without settings, as it deploys (401, exit code 3)', async () => {
    expect(await connect({ POSTERN_AUTH: 'tokens', POSTERN_TOKENS: '' }, TOKEN)).to.equal('exit 3');
  });

  it('is nobody where a setting is not understood', async () => {
    expect(await connect({ POSTERN_AUTH: 'opne' }, TOKEN)).to.equal('exit 3');
  });

  it('is nobody without a token, and nobody with a wrong one', async () => {
    expect(await connect({ POSTERN_AUTH: 'tokens', POSTERN_TOKENS: ENTRY })).to.equal('exit 3');
    await cloud?.stop();
    expect(await connect({ POSTERN_AUTH: 'tokens', POSTERN_TOKENS: ENTRY }, 'wrong')).to.equal('exit 3');
  });

  it('is whoever has a token of the list, and no log shows it', async () => {
    expect(await connect({ POSTERN_AUTH: 'tokens', POSTERN_TOKENS: ENTRY }, TOKEN)).to.equal('online, 200');
    const log = (cloud?.log ?? []).map(({ message }) => message).join('\n');
    expect(log).to.include('alice').and.not.include(TOKEN);
  });
});
