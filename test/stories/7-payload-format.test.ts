import { expect } from 'chai';
import { broken, cured } from '../../fixtures/stacks/7-payload-format/stacks.ts';
import { startStory, stopStories } from './story.ts';

const FUNCTION = 'payload-format-dev-forward';

describe('story bug 7: a handler for payload 1.0 behind an integration of 2.0', () => {
  afterEach(stopStories);

  it('HA-19, HR-05: finds no httpMethod in the event and fails with 500', async () => {
    const story = await startStory(broken);

    const response = await fetch(`${story.http}/ibfuaoqmqzdc/`);

    expect(response.status).to.equal(500);
    expect(await response.text()).to.equal('{"message":"Internal Server Error"}');
    expect(story.logOf(FUNCTION).join('\n')).to.include("Cannot read properties of undefined (reading 'toUpperCase')");
    expect(story.complaints().map(({ behaviour }) => behaviour)).to.deep.equal(['HR-05']);
  });

  it('is cured by PayloadFormatVersion 1.0', async () => {
    const story = await startStory(cured);

    const response = await fetch(`${story.http}/ibfuaoqmqzdc/`);

    expect(response.status).to.equal(200);
    expect(await response.text()).to.equal('GET /ibfuaoqmqzdc/');
  });
});
