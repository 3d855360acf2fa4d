'use strict';
/* global process */

module.exports = {
  PAGE_ACCESS_TOKEN: process.env.PAGE_ACCESS_TOKEN,
  VERIFY_TOKEN: process.env.VERIFY_TOKEN,
  GRAPH_API_URL: process.env.GRAPH_API_URL,
};
