"""Words that only maps, charts and memos use; those that tables say too are in `twin.wording`."""

from twin.wording import Words

UNNAMED = Words("未命名道路", "unnamed street")
UNNAMED_SITE = Words("未命名停车场", "unnamed car park")

COMPASS = (
    Words("向北", "northbound"),
    Words("向东北", "north-east-bound"),
    Words("向东", "eastbound"),
    Words("向东南", "south-east-bound"),
    Words("向南", "southbound"),
    Words("向西南", "south-west-bound"),
    Words("向西", "westbound"),
    Words("向西北", "north-west-bound"),
)

FIELDS = {
    "name": Words("名称", "name"),
    "road_class": Words("等级", "class"),
    "lanes": Words("车道数", "lanes"),
    "free_speed_mps": Words("自由流车速", "free speed"),
    "free_speed_kmh": Words("自由流车速", "free speed"),
    "capacity_vph": Words("通行能力", "capacity"),
    "jam_density_vpkm": Words("阻塞密度", "jam density"),
    "geometry": Words("线形", "geometry"),
    "control": Words("路口控制", "control"),
    "opened_on": Words("开通日期", "opening date"),
    "spaces": Words("泊位数", "spaces"),
    "occupied_at_start": Words("初始占用", "occupied at the start"),
    "tariff": Words("收费", "tariff"),
    "lon": Words("位置", "position"),
    "lat": Words("位置", "position"),
    "kind": Words("类型", "kind"),
}

SITE_KINDS = {
    "kerb": Words("路内", "kerb"),
    "lot": Words("地面停车场", "surface lot"),
    "garage": Words("停车库", "garage"),
}

NETWORK_KINDS = {
    "schematic": Words("示意路网", "schematic network"),
    "surveyed": Words("实测路网", "surveyed network"),
    "openstreetmap": Words("OpenStreetMap 路网", "OpenStreetMap network"),
    "synthetic": Words("人造路网", "synthetic network"),
}

GROUPS = {
    "openings": Words("新开通道路", "openings"),
    "parking": Words("停车泊位", "parking"),
    "buses": Words("公交线路", "bus lines"),
    "works": Words("施工占道", "road works"),
}

SERVICE = {
    "lost": Words("不再有车", "no bus any more"),
    "less": Words("车次减少", "fewer buses"),
    "same": Words("不变", "unchanged"),
    "more": Words("车次增加", "more buses"),
    "new": Words("新有车", "new"),
    "none": Words("没有车", "no bus"),
}

ASSUMED = Words("假定", "assumed")
NONE = Words("无", "none")
BEFORE = Words("现状", "before")
AFTER = Words("方案", "after")
NEAR = Words("，近", ", near ")
IN_THIS_MODEL = Words("在本模型下", "In this model")
IN_THIS_MODEL_ASSUMED = Words("在本模型与假定需求下", "In this model, under the assumed demand")
