import { expect } from 'chai';
import { arnLike, decideInvoke, explainDenial, routeArnPart } from '../../../emulator/gateway/permissions.ts';
import { functionArn, HTTP_ARN, permission, WS_ARN } from './fixture.ts';

const CONNECT = `${WS_ARN}/dev/$connect`;

describe('permissions', () => {
  it('matches ARNs part by part, with * and ? inside a part (WS-07)', () => {
    expect(arnLike(`${WS_ARN}/*`, CONNECT)).to.equal(true);
    expect(arnLike(`${WS_ARN}/*/$connect`, CONNECT)).to.equal(true);
    expect(arnLike(`${WS_ARN}/dev/$connect`, CONNECT)).to.equal(true);
    expect(arnLike(`${WS_ARN}/???/$connect`, CONNECT)).to.equal(true);
    expect(arnLike('arn:aws:execute-api:*:*:wsapi12345/*', CONNECT)).to.equal(true);
    expect(arnLike('arn:*:*:*:*:*', CONNECT)).to.equal(true);
  });

  it('does not match a pattern without the stage, story bug 1 (WS-07)', () => {
    expect(arnLike(`${WS_ARN}/$connect`, CONNECT)).to.equal(false);
    expect(arnLike(`${WS_ARN}/prod/*`, CONNECT)).to.equal(false);
    expect(arnLike(`${WS_ARN}/??/$connect`, CONNECT)).to.equal(false);
    expect(arnLike(`${WS_ARN}/dev/`, CONNECT)).to.equal(false);
  });

  it('never lets a * reach over a colon', () => {
    expect(arnLike('arn:aws:*/dev/$connect', CONNECT)).to.equal(false);
    expect(arnLike('*', CONNECT)).to.equal(false);
    expect(arnLike('arn:aws:execute-api:*:wsapi12345/*', CONNECT)).to.equal(false);
  });

  it('takes time that is at most quadratic for many stars', () => {
    const pattern = `arn:aws:execute-api:us-east-1:1:${'*a'.repeat(500)}b`;
    expect(arnLike(pattern, `arn:aws:execute-api:us-east-1:1:${'a'.repeat(5_000)}`)).to.equal(false);
  });

  it('allows by principal and source, or by principal alone (LA-17)', () => {
    const connect = functionArn('connect');
    const { sourceArn: _, ...anySource } = permission('connect', '');
    expect(decideInvoke([anySource], connect, CONNECT)).to.deep.equal({ allowed: true });
    expect(decideInvoke([permission('connect', `${WS_ARN}/*`)], connect, CONNECT)).to.deep.equal({ allowed: true });
    const wrongPrincipal = { ...anySource, principal: 's3.amazonaws.com' };
    expect(decideInvoke([wrongPrincipal], connect, CONNECT)).to.deep.equal({
      allowed: false,
      considered: [wrongPrincipal],
    });
    expect(decideInvoke([permission('other', `${WS_ARN}/*`)], connect, CONNECT)).to.deep.equal({
      allowed: false,
      considered: [],
    });
  });

  it('explains a denial by the ARN and every statement that missed', () => {
    const statements = [
      permission('connect', `${WS_ARN}/$connect`),
      { ...permission('connect', `${WS_ARN}/*`), principal: 's3.amazonaws.com' },
    ];
    const explanation = explainDenial(functionArn('connect'), CONNECT, statements);
    expect(explanation).to.include(CONNECT).and.include(`${WS_ARN}/$connect`).and.include('s3.amazonaws.com');
    expect(explainDenial(functionArn('connect'), CONNECT, [])).to.include('no permission at all');
  });

  it('writes a route key as it stands in an HTTP invocation ARN (HA-27)', () => {
    expect(`${HTTP_ARN}/$default/${routeArnPart('$default')}`).to.equal(`${HTTP_ARN}/$default/$default`);
    expect(routeArnPart('GET /items/{id}')).to.equal('GET/items/{id}');
  });
});
