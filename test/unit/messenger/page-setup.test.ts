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
  it.each<[string, (graph: ReturnType<typeof recordingGraph>) => Promise<unknown>, object, unknown, unknown]>([
    ['the owner', getTokenOwner, { id: 7, name: 'P' }, { id: '7', name: 'P' }, { id: '', name: '' }],
    ['routing', isRoutingOn, { messaging_feature_status: { hop_v2: false } }, false, undefined],
    [
      'apps',
      getSubscribedApps,
      { data: [{ id: 7, subscribed_fields: ['a'] }, { id: '8' }] },
      [
        { id: '7', fields: ['a'] },
        { id: '8', fields: [] },
      ],
      [],
    ],
    ['the button', getGetStarted, { data: [{ get_started: { payload: 'GO' } }] }, 'GO', undefined],
    ['no button', getGetStarted, { data: [{}] }, undefined, undefined],
  ])('tells %s, and survives an answer that is none', async (_what, ask, answer, told, otherwise) => {
    expect(await ask(recordingGraph({ ...answer }))).toEqual(told);
    expect(await ask(recordingGraph({ data: 7, messaging_feature_status: 'on' }))).toEqual(otherwise);
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
