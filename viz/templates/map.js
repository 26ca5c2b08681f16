// Starts kepler.gl's widget with a stand-in for the notebook's model, answers its one request for a base map from
// inside the page, and switches views by the same actions that its own buttons send.
(async function () {
  "use strict";
  const blocked = [];
  const twin = (window.twinMap = { ready: false, blocked });

  async function unpacked(id) {
    const element = document.getElementById(id);
    const text = atob(element.textContent);
    element.remove();
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  const page = JSON.parse(await unpacked("page-data"));
  const emptyStyle = { version: 8, sources: {}, layers: [] };
  const ownFetch = window.fetch.bind(window);
  window.fetch = function (resource, options) {
    const address = String((resource && resource.url) || resource);
    if (!/^(https?:)?\/\//.test(address)) return ownFetch(resource, options);
    const isGround = address === page.groundAddress;
    if (!isGround) blocked.push(address);
    const body = JSON.stringify(isGround ? page.ground : emptyStyle);
    return Promise.resolve(new Response(body, { headers: { "Content-Type": "application/json" } }));
  };

  const stage = document.getElementById("stage");
  const listeners = {};
  const state = Object.assign({}, page.state, { height: stage.clientHeight });
  const model = {
    get: (key) => state[key],
    set: (key, value) => { state[key] = value; },
    save_changes: () => {},
    on: (event, listener) => { (listeners[event] = listeners[event] || []).push(listener); },
    off: (event, listener) => { listeners[event] = (listeners[event] || []).filter((other) => other !== listener); },
  };
  fit(state.config.config.mapState, page.bounds);

  const bundle = URL.createObjectURL(new Blob([await unpacked("kepler-bundle")], { type: "text/javascript" }));
  const widget = (await import(bundle)).default;
  URL.revokeObjectURL(bundle);
  widget.render({ model, el: document.getElementById("app") });
  twin.store = model.store;
  window.addEventListener("resize", () => {
    state.height = stage.clientHeight;
    (listeners["change:height"] || []).forEach((listener) => listener());
  });

  await until(() => instance() && instance().visState.layers.length === state.config.config.visState.layers.length);
  hideControls();
  document.getElementById("legend").open = stage.clientWidth >= 900 && stage.clientHeight >= 560;
  document.getElementById("boot").remove();
  for (const button of document.querySelectorAll("#views button")) {
    button.addEventListener("click", () => show(button.dataset.view));
  }
  mark(page.views[0]);
  twin.show = show;
  twin.ready = true;

  function instance() {
    const instances = twin.store.getState().keplerGl;
    return instances[Object.keys(instances)[0]];
  }

  function send(type, more) {
    twin.store.dispatch(Object.assign({ type: "@@kepler.gl/" + type }, more));
  }

  function show(id) {
    const view = page.views.find((candidate) => candidate.id === id);
    if (instance().mapState.isSplit) send("TOGGLE_SPLIT_MAP", { payload: 0 });
    for (const layer of instance().visState.layers) {
      const isVisible = view.left.includes(layer.id) || (view.right || []).includes(layer.id);
      send("LAYER_CONFIG_CHANGE", { oldLayer: layer, newConfig: { isVisible } });
    }
    if (view.right) {
      send("TOGGLE_SPLIT_MAP", { payload: 0 });
      send("SET_MAP_SPLIT_MODE", { payload: { mapSplitMode: "SWIPE_COMPARE" } });
      [view.left, view.right].forEach((wanted, mapIndex) => {
        for (const layer of instance().visState.layers) {
          const isShown = Boolean(instance().visState.splitMaps[mapIndex].layers[layer.id]);
          if (isShown !== wanted.includes(layer.id)) send("TOGGLE_LAYER_FOR_MAP", { mapIndex, layerId: layer.id });
        }
      });
    }
    stage.classList.toggle("has-slider", Boolean(view.hasSlider));
    if (instance().visState.filters.length) {
      send("SET_FILTER_VIEW", { idx: 0, view: view.hasSlider ? "minified" : "side" });
    }
    hideControls();
    mark(view);
  }

  function hideControls() { // the page has its own legend; tilting and drawing answer no question here
    for (const panelId of ["mapLegend", "toggle3d", "mapDraw", "effect", "annotation", "aiAssistant"]) {
      if (instance().uiState.mapControls[panelId]) send("SET_MAP_CONTROL_VISIBILITY", { payload: { panelId, show: false } });
    }
  }

  function mark(view) {
    for (const button of document.querySelectorAll("#views button")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view.id));
    }
    for (const section of document.querySelectorAll("[data-for]")) {
      section.hidden = !section.dataset.for.split(" ").includes(view.id);
    }
  }

  function fit(mapState, [west, south, east, north]) {
    const worldPx = 512;
    const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
    const zoomX = Math.log2((stage.clientWidth * 0.92 * 360) / (worldPx * Math.max(east - west, 1e-6)));
    const zoomY = Math.log2((stage.clientHeight * 0.9) / (worldPx * Math.max(mercator(north) - mercator(south), 1e-9)));
    mapState.longitude = (west + east) / 2;
    mapState.latitude = (south + north) / 2;
    mapState.zoom = Math.max(1, Math.min(zoomX, zoomY, 16));
  }

  async function until(isSo) {
    while (!isSo()) await new Promise((done) => setTimeout(done, 50));
  }
})().catch((error) => {
  window.twinMap = Object.assign(window.twinMap || {}, { error: String((error && error.stack) || error) });
  const boot = document.getElementById("boot");
  if (boot) boot.textContent = boot.dataset.failed + " " + error;
});
