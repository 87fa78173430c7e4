"""Which modules import which. The contracts in setup.cfg look at rooms and their parts; this at single modules."""

import graphlib

import grimp

# Run.evaluate and Run.report, imported when they are called
LAZY = [("tfdisent.training.fitting", f"tfdisent.evaluation.{name}") for name in ("scoring", "reporting")]


def test_no_module_imports_itself_through_others():
    graph = grimp.build_graph("tfdisent", cache_dir=None)
    for importer, imported in LAZY:
        graph.remove_import(importer=importer, imported=imported)
    imports = {module: graph.find_modules_directly_imported_by(module) - {module} for module in graph.modules}
    graphlib.TopologicalSorter(imports).prepare()  # raises a CycleError that names the modules
