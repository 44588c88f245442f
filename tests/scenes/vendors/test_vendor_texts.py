"""Each family's own words, written after its published format, give the same facts."""

from __future__ import annotations

import pytest

from tumangang_watch.errors import InputRefused
from tumangang_watch.scenes.vendors.beside import match, read_file
from tumangang_watch.scenes.vendors.dimap import read_dimap
from tumangang_watch.scenes.vendors.facts import Metadata, toa_factor, together
from tumangang_watch.scenes.vendors.keys import read_keys
from tumangang_watch.scenes.vendors.maxar import read_imd
from tumangang_watch.scenes.vendors.others import read_blacksky, read_chinese, read_kanopus, read_kompsat
from tumangang_watch.scenes.vendors.planet import read_item_json, read_items_json, read_xml
from tumangang_watch.scenes.vendors.stac import image_name, read_items, read_toa_factors
from tumangang_watch.scenes.vendors.text import parse_pvl, parse_xml
from tumangang_watch.settings.scenes import ReadSettings

IMD = """
bandId = "{band_id}"; productLevel = "{level}"; radiometricEnhancement = "Off";
panSharpenAlgorithm = "{sharpened}"; numRows = 10;
{groups}
BEGIN_GROUP = IMAGE_1
    satId = "WV02"; firstLineTime = 2022-11-30T02:10:00.5Z; meanCollectedGSD = 1.9;
    meanSunAz = 165.7; meanSunEl = 24.7; meanOffNadirViewAngle = 17.0; meanSatAz = 262.0;
    cloudCover = -999.000;
END_GROUP = IMAGE_1
END;
"""
GROUP = """BEGIN_GROUP = BAND_{band}
    absCalFactor = 9.0e-03; effectiveBandwidth = 6.0e-02;
END_GROUP = BAND_{band}"""
DIMAP = """<Dimap_Document><Metadata_Identification><METADATA_PROFILE>PHR_ORTHO</METADATA_PROFILE>
</Metadata_Identification><Dataset_Content><CLOUD_COVERAGE>25</CLOUD_COVERAGE></Dataset_Content>
<Processing_Information><Product_Settings><PROCESSING_LEVEL>{level}</PROCESSING_LEVEL><Radiometric_Settings>
<RADIOMETRIC_PROCESSING>{processing}</RADIOMETRIC_PROCESSING></Radiometric_Settings></Product_Settings>
</Processing_Information><Raster_Data><Data_Access><Data_Files><Data_File>
<DATA_FILE_PATH href="IMG_X_R1C1.TIF"/></Data_File></Data_Files></Data_Access><Raster_Dimensions>
<NBANDS>4</NBANDS></Raster_Dimensions><Raster_Display><Band_Display_Order><RED_CHANNEL>B2</RED_CHANNEL>
<GREEN_CHANNEL>B1</GREEN_CHANNEL><BLUE_CHANNEL>B0</BLUE_CHANNEL><ALPHA_CHANNEL>B3</ALPHA_CHANNEL>
</Band_Display_Order></Raster_Display></Raster_Data><Radiometric_Data>{bands}</Radiometric_Data><Geometric_Data>
<Use_Area><Located_Geometric_Values><LOCATION_TYPE>Center</LOCATION_TYPE><Acquisition_Angles>
<VIEWING_ANGLE>17</VIEWING_ANGLE></Acquisition_Angles><Solar_Incidences><SUN_AZIMUTH>165</SUN_AZIMUTH>
<SUN_ELEVATION>30</SUN_ELEVATION></Solar_Incidences><Ground_Sample_Distance>
<GSD_ACROSS_TRACK>0.7</GSD_ACROSS_TRACK><GSD_ALONG_TRACK>0.8</GSD_ALONG_TRACK></Ground_Sample_Distance>
</Located_Geometric_Values></Use_Area></Geometric_Data><Dataset_Sources><Source_Identification><Strip_Source>
<MISSION>PHR</MISSION><MISSION_INDEX>1A</MISSION_INDEX><IMAGING_DATE>2022-11-30</IMAGING_DATE>
<IMAGING_TIME>02:10:00.1Z</IMAGING_TIME></Strip_Source></Source_Identification></Dataset_Sources>
</Dimap_Document>"""
BAND = """<Band_Radiance><BAND_ID>{0}</BAND_ID><GAIN>{1}</GAIN><BIAS>0</BIAS></Band_Radiance>
<Band_Solar_Irradiance><BAND_ID>{0}</BAND_ID><VALUE>1500</VALUE></Band_Solar_Irradiance>"""
DIM = """<Dimap_Document><Production><PRODUCT_TYPE>L1C</PRODUCT_TYPE></Production><Data_Access><Data_File>
<DATA_FILE_PATH href="x.tif"/></Data_File></Data_Access><Image_Interpretation>{bands}</Image_Interpretation>
<Dataset_Sources><Source_Information><Scene_Source><MISSION>Deimos 2</MISSION>
<SUN_ELEVATION>30</SUN_ELEVATION><START_TIME>2022-11-30T02:10:00</START_TIME><STOP_TIME>2022-11-30T02:10:04</STOP_TIME></Scene_Source>
</Source_Information></Dataset_Sources></Dimap_Document>"""
INFO = """<Spectral_Band_Info><BAND_INDEX>{}</BAND_INDEX>
<BAND_DESCRIPTION>{}</BAND_DESCRIPTION>
<PHYSICAL_GAIN>0.1</PHYSICAL_GAIN><PHYSICAL_BIAS>0.5</PHYSICAL_BIAS><ESUN>1500</ESUN></Spectral_Band_Info>"""


def xml(text):
    return parse_xml(text.encode())


def test_the_order_of_maxars_groups_is_the_order_of_the_bands(tmp_path):
    def said(order, **words):
        groups = "\n".join(GROUP.format(band=b) for b in order)
        words = {"band_id": "Multi", "level": "LV2A", "sharpened": "None", **words}
        (part,) = read_imd(tmp_path / "x.IMD", parse_pvl(IMD.format(groups=groups, **words)))
        return part

    part = said("CBGYR")
    assert part.bands == ("coastal", "blue", "green", "yellow", "red")
    facts = part.properties
    assert (facts["acquired"], facts["view_angle"]) == ("2022-11-30T02:10:00.5Z", "17.0")
    factors = facts["reflectance_coefficients"]
    assert factors[1] == pytest.approx(0.009 / 0.06 * toa_factor(2007.27, 24.7, 334))
    assert "not orthorectified" in part.warnings[0]
    assert said("NRGB").bands == ("nir", "red", "green", "blue")
    assert "reflectance_coefficients" not in said("BGRN", sharpened="UNB").properties
    assert "LV1B" in said("BGRN", level="LV1B").properties["not_ortho"]


def test_dimap_gains_belong_to_their_band_id_whatever_their_place(tmp_path):
    def said(order, level="ORTHO", processing="BASIC"):
        bands = "".join(BAND.format(b, 10 + int(b[1])) for b in order)
        text = DIMAP.format(bands=bands, level=level, processing=processing)
        (part,) = read_dimap(tmp_path / "DIM_X.XML", xml(text))
        return part

    part = said(("B0", "B1", "B2", "B3"))
    assert part.bands == ("red", "green", "blue", "nir")
    factors = part.properties["reflectance_coefficients"]
    assert [factors[0] / f for f in factors] == pytest.approx([1, 11 / 12, 10 / 12, 13 / 12])
    assert part.properties == said(("B2", "B1", "B3", "B0")).properties
    assert (part.properties["gsd"], part.properties["cloud_cover"]) == (0.75, 0.25)
    assert part.images == ("IMG_X_R1C1.TIF",)
    assert said(("B0", "B1", "B2", "B3"), processing="DISPLAY").properties["radiometry"] == "dn"
    assert "SENSOR" in said(("B0",), level="SENSOR").properties["not_ortho"]


def test_a_dim_tells_bands_by_index(tmp_path):
    infos = "".join(INFO.format(k, n) for k, n in ((2, "RED"), (1, "NIR"), (4, "BLUE"), (3, "GREEN")))
    (part,) = read_dimap(tmp_path / "x.dim", xml(DIM.format(bands=infos)))
    assert part.bands == ("nir", "red", "green", "blue")
    assert part.properties["scale_offsets"][0] == pytest.approx(0.5 * toa_factor(1500, 30, 334))


def test_planet_says_the_same_in_xml_and_json(tmp_path):
    band = (
        "<bandSpecificMetadata><bandNumber>{}</bandNumber><reflectanceCoefficient>{}</reflectanceCoefficient>"
    )
    bands = "".join(band.format(k, v) + "</bandSpecificMetadata>" for k, v in ((2, 3e-5), (1, 2e-5)))
    root = xml(
        "<EarthObservation><using><EarthObservationEquipment><instrument><Instrument><shortName>PS2</shortName>"
        "</Instrument></instrument><acquisitionParameters><Acquisition><acquisitionDateTime>2022-11-30T02:10:00+00:00"
        "</acquisitionDateTime></Acquisition></acquisitionParameters></EarthObservationEquipment></using><resultOf>"
        f"<EarthObservationResult>{bands}</EarthObservationResult></resultOf></EarthObservation>"
    )
    (part,) = read_xml(tmp_path / "x.xml", root)
    assert part.properties["reflectance_coefficients"] == [2e-5, 3e-5]
    item = read_item_json(tmp_path / "x_metadata.json", {"id": 7, "properties": {"gsd": 3.9}})
    found = read_items_json(tmp_path / "r.json", {"features": [{"id": k, "properties": {}} for k in "ab"]})
    assert [p.id for p in found] == ["a", "b"]
    both = together([item, part])
    assert (both.id, both.properties["gsd"], both.source_of("acquired")) == ("7", 3.9, "Planet XML")


def test_makers_of_one_file_a_band_and_of_passports(tmp_path):
    images = "".join(
        f"<{k}><ImageFileName>K3_{k}.tif</ImageFileName><ImagingTime><ImagingStartTime><UTC>20221130021000.5</UTC>"
        f"</ImagingStartTime></ImagingTime></{k}>"
        for k in ("PAN", "MS1", "MS2", "MS3", "MS4")
    )
    text = (
        f"<Auxiliary><General><Satellite>KOMPSAT-3</Satellite></General><Image>{images}</Image></Auxiliary>"
    )
    parts = read_kompsat(tmp_path / "K3_Aux.xml", xml(text))
    assert [p.bands for p in parts] == [("pan",), ("blue",), ("green",), ("red",), ("nir",)]
    assert parts[1].joined == ("K3_MS1.tif", "K3_MS2.tif", "K3_MS3.tif", "K3_MS4.tif")
    assert (parts[0].joined, parts[0].properties["acquired"]) == ((), "2022-11-30T02:10:00.5Z")
    zones = "".join(
        f"<Ch{k}>bSpectralZone = {z}\n</Ch{k}>" for k, z in ((1, "0.64, 0.69"), (2, "0.47, 0.53"))
    )
    head = "dSessionDateUTC = 3/9/2022\ntSessionTimeUTC = 9:11:0.0\n"
    passport = f"<PASP_ROOT>\n{head}<Device>{zones}</Device></PASP_ROOT>"
    (part,) = read_kanopus(tmp_path / "KV5.xml", xml(passport))
    assert (part.bands, part.properties["acquired"]) == (("red", "blue"), "2022-09-03T09:11:00Z")
    text = "<ProductMetaData><SatelliteID>GF2</SatelliteID><StartTime>{}</StartTime></ProductMetaData>"
    (part,) = read_chinese(tmp_path / "GF2.xml", xml(text.format("2022-11-30 10:10:00")))
    assert part.properties["acquired"] == "2022-11-30 10:10:00+08:00"
    assert part.bands == ("pan",)
    more = "<SolarZenith>60</SolarZenith><Gain>0.1,0.2,0.1,0.1</Gain><Offset>0,0,0,1</Offset>"
    more += "<ESUN>1500,1500,1500,1500</ESUN>"
    root = xml(text.format("2022-11-30 10:10:00").replace("<St", f"{more}<St"))
    (part,) = read_chinese(tmp_path / "GF2-MSS.xml", root)
    factors = part.properties["reflectance_coefficients"]
    assert part.bands == ("blue", "green", "red", "nir")
    assert factors[1] == pytest.approx(2 * factors[0]) == pytest.approx(0.2 * toa_factor(1500, 30, 334))
    sky = {
        "id": "BSG-1",
        "sensorName": "Global-7",
        "acquisitionDate": "2022-11-30T02:10:00Z",
        "orthorectified": False,
    }
    assert "not_ortho" in read_blacksky(tmp_path / "BSG-1_metadata.json", sky).properties


@pytest.mark.parametrize(
    ("name", "text", "provider"),
    [
        (
            "BSG-1_metadata.txt",
            "VENDOR_SCENE_ID = BSG-1\nACQUISITION_DATE = 20221130\nACQUISITION_TIME = 021000\n"
            "SENSOR = Global-4\n",
            "Global-4",
        ),
        (
            "WV.txt",
            "ENTITY_ID=1\nACQUISITION_DATE=2022/11/30\nACQUISITION_TIME=02:10:00Z\nSENSOR=WV02\n",
            "WV02",
        ),
        (
            "MSC.eph",
            "AUX_SATELLITE_NAME\tKOMPSAT-2\nIMG_ACQISITION_START_TIME\t2022 11 30 02 10 00.5\n",
            "KOMPSAT-2",
        ),
        ("E.pass", "satellite EROS-B\nsweep_start_utc 2022-11-30,02:10:00.5\n", "EROS-B"),
    ],
)
def test_texts_of_keys_give_time_and_maker_and_other_texts_nothing(tmp_path, name, text, provider):
    (part,) = read_keys(tmp_path / name, text + "OFF_NADIR = 15.5\nPROCESS_LEVEL = ORTHO\n")
    facts = part.properties
    assert facts["acquired"].startswith("2022-11-30T02:10:00")
    assert (facts["provider"], facts["view_angle"], "not_ortho" in facts) == (provider, "15.5", False)
    (part,) = read_keys(tmp_path / name, text + "PROCESS_LEVEL = L1B")
    assert "L1B" in part.properties["not_ortho"]
    assert read_keys(tmp_path / "README.txt", "Dear customer\nLINE_OFF: +30\n") == []


def test_assets_are_known_by_role_file_and_bands_not_by_a_word_in_the_key(tmp_path):
    rgb = [{"common_name": n} for n in ("red", "green", "blue")]
    assets = {
        "sr_udm2:ortho_sr": {
            "href": "https://x.org/a/a_SR.tif",
            "roles": ["data", "reflectance"],
            "eo:bands": rgb,
        },
        "sr_udm2:udm2": {"href": "https://x.org/a/a_udm2.tif", "roles": ["metadata", "cloud"]},
        "visual": {"href": "./a_v.tif", "roles": ["visual"], "raster:bands": [{"nodata": 0}] * 3},
        "thumb": {"href": "t.tif", "roles": ["thumbnail"]},
    }
    item = {"stac_version": "1.1.0", "id": "a", "assets": assets, "properties": {}}
    for data in (item, {"type": "FeatureCollection", "features": [item, 3]}):
        parts = read_items(tmp_path / "i.json", data)
        assert [p.images[0] for p in parts] == ["a_SR.tif", "a_v.tif"]
    assert parts[0].bands == ("red", "green", "blue")
    singles = {n: {"href": f"{n}.tif", "bands": [{"name": n}]} for n in ("blue", "green", "red", "nir")}
    joined = read_items(tmp_path / "i.json", item | {"assets": singles})
    assert joined[0].joined == ("blue.tif", "green.tif", "red.tif", "nir.tif")
    for href in ("../x.tif", "/etc/x.tif", "file:///x.tif", "a\\..\\x.tif", "x.txt", 7, "http://[x.tif"):
        assert image_name({"href": href}) is None
    factors = {"features": [{"properties": {"toa_to_reflectance": 1e-4}}]}
    assert read_toa_factors(tmp_path / "f.json", factors).properties == {"uniform_scale": 1e-4}


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        "<a>" * 100 + "</a>" * 100,
        "<a><b></a>",
        '<?xml version="1.0" encoding="nothing"?><a/>',
        "",
    ],
)
def test_xml_with_entities_or_damage_is_not_read(tmp_path, text):
    with pytest.raises(ValueError, match=r"XML|entities|elements"):
        xml(text)
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(InputRefused, match="metadata refused"):
        read_file(tmp_path / "x.xml", ReadSettings())


def test_a_part_speaks_of_the_image_it_names_or_is_named_like(tmp_path):
    part = Metadata(id="p", file=tmp_path / "X-S3DS-056_P001.XML", images=("X-S3DS-056_P001.TIF",))
    assert match(part, tmp_path / "X-S3DS_R1C2-056_P001.TIF") == 5
    assert match(Metadata(file=tmp_path / "a_metadata.json"), tmp_path / "a_analytic_clip.tif") == 3
    assert match(Metadata(file=tmp_path / "a1_metadata.json"), tmp_path / "a12_analytic.tif") == 0
