import {
  getGetStarted,
  getSubscribedApps,
  getTokenOwner,
  isRoutingOn,
  setGetStarted,
  subscribePage,
} from '../../../src/messenger/page-setup';
import { recordingGraph } from '../../support/recording-graph';

describe('the set-up of a Page', () => {
  it.each<[string, (graph: ReturnType<typeof recordingGraph>) => Promise<unknown>, object, unknown]>([
    ['the owner', getTokenOwner, { id: 7, name: 'P' }, { id: '7', name: 'P' }],
    ['routing', isRoutingOn, { messaging_feature_status: { hop_v2: false } }, false],
    ['routing where it is not told', isRoutingOn, { messaging_feature_status: {} }, undefined],
    ['routing where nothing is told', isRoutingOn, { id: '7' }, undefined],
    [
      'apps',
      getSubscribedApps,
      { data: [{ id: 7, subscribed_fields: ['a'] }, { id: '8' }] },
      [
        { id: '7', fields: ['a'] },
        { id: '8', fields: [] },
      ],
    ],
    ['the button', getGetStarted, { data: [{ get_started: { payload: 'GO' } }] }, 'GO'],
    [
      'a later button',
      getGetStarted,
      { data: [{ whitelisted_domains: [] }, { get_started: { payload: 'GO' } }] },
      'GO',
    ],
    ['no button', getGetStarted, { data: [{}] }, undefined],
    ['no profile', getGetStarted, { data: [] }, undefined],
  ])('tells %s, and takes an answer that is none for none', async (_what, ask, answer, told) => {
    expect(await ask(recordingGraph({ ...answer }))).toEqual(told);
    const odd = recordingGraph({ data: 7, messaging_feature_status: 'on' });
    await expect(ask(odd)).rejects.toThrow('is not understood');
  });

  it.each<[(graph: ReturnType<typeof recordingGraph>) => Promise<unknown>, object]>([
    [getTokenOwner, {}],
    [getTokenOwner, { id: '7' }],
    [getTokenOwner, { id: '', name: 'P' }],
    [getSubscribedApps, {}],
    [getSubscribedApps, { data: [{ id: '7', subscribed_fields: ['a', { name: 'feed' }] }] }],
    [getSubscribedApps, { data: [{ id: '7', subscribed_fields: ['a'] }, { subscribed_fields: ['a'] }] }],
    [getGetStarted, {}],
    [getGetStarted, { data: {} }],
    [getGetStarted, { data: [{ get_started: { payload: 7 } }] }],
  ])('is not concluded by %p from %j', async (ask, answer) => {
    await expect(ask(recordingGraph({ ...answer }))).rejects.toMatchObject({ name: 'GraphAnswerError' });
  });

  it('is changed by two calls', async () => {
    const graph = recordingGraph({});
    await subscribePage(graph, ['messages', 'standby']);
    await setGetStarted(graph, 'GO');
    expect(graph.calls).toEqual([
      ['/me/subscribed_apps', { subscribed_fields: 'messages,standby' }],
      ['/me/messenger_profile', { get_started: { payload: 'GO' } }],
    ]);
  });
});
