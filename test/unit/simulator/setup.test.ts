import { defaultSettings } from '../../../src/simulator/settings';
import { botEnvironment } from '../../../src/simulator/setup';

test('a bot that is to talk to the simulator is told its token, its secrets, its app and its address', () => {
  expect(botEnvironment(defaultSettings, 'http://localhost:1338')).toEqual({
    PAGE_ACCESS_TOKEN: defaultSettings.pageAccessToken,
    VERIFY_TOKEN: defaultSettings.verifyToken,
    APP_SECRET: defaultSettings.appSecret,
    APP_ID: defaultSettings.appId,
    GRAPH_API_URL: 'http://localhost:1338',
  });
});
